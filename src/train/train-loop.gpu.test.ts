import { afterEach, beforeEach, expect } from 'vitest';
import { rng } from '../base/rng.ts';
import type { Batch } from '../data/loader/batch.ts';
import { createDetector } from '../models/detectors/list.ts';
import type { DetectorOptions } from '../models/detectors/list.ts';
import { readParameters } from '../models/parameter-io.ts';
import { describeOnGpu, gpuTest, sharedHost } from '../ops/host/describe-on-backends.ts';
import { GpuCounter } from '../tensor/gpu-counter.ts';
import { tf } from '../tensor/tf.ts';
import { NO_PARAMWISE } from './optimizers/paramwise.ts';
import { Optimizer } from './optimizers/optimizer.ts';
import { SMALL_DETECTORS } from './testing-detectors.ts';
import { TrainLoop } from './train-loop.ts';
import type { StepRecord } from './train-loop.ts';

const SIDE = 64;
const BATCH = 2;
const ROOM = 8;

/** Batch `n` of a fixed sequence: noise with `boxes` random boxes per image. */
function batchOf(n: number, boxes: number): Batch {
  const random = rng(5, n);
  const shapes = (): Int32Array<ArrayBuffer> => new Int32Array(2 * BATCH).fill(SIDE);
  const gtBoxes = new Float32Array(BATCH * ROOM * 4);
  const gtLabels = new Int32Array(BATCH * ROOM);
  for (let image = 0; image < BATCH; image++)
    for (let i = 0; i < boxes; i++) {
      const x = random.int(0, 32);
      const y = random.int(0, 32);
      gtBoxes.set([x, y, x + random.int(8, 32), y + random.int(8, 32)], (image * ROOM + i) * 4);
      gtLabels[image * ROOM + i] = random.int(0, 3);
    }
  return {
    images: Uint8Array.from({ length: BATCH * SIDE * SIDE * 3 }, () => random.int(0, 256)),
    inputSize: [SIDE, SIDE],
    imgShapes: shapes(),
    padShapes: shapes(),
    gtBoxes,
    gtLabels,
    gtCounts: new Int32Array(BATCH).fill(boxes),
    metas: [],
  };
}

interface RunOptions {
  readonly detector: DetectorOptions;
  readonly steps: number;
  readonly lr?: number;
  readonly boxes?: (n: number) => number;
  readonly during?: (loop: TrainLoop, iter: number) => void;
}

/** Trains a fresh model and gives its weights and records. */
async function run(
  options: RunOptions,
): Promise<{ weights: Float32Array[]; records: StepRecord[] }> {
  const { detector, steps, lr = 0.01, boxes = (n) => n % 4, during } = options;
  const model = createDetector(detector, 3);
  const optimizer = new Optimizer(model.parameters.trainable(), {
    algorithm: { type: 'AdamW', betas: [0.9, 0.999], eps: 1e-8, weightDecay: 1e-4 },
    paramwise: NO_PARAMWISE,
    clipMaxNorm: 10,
  });
  const records: StepRecord[] = [];
  let n = 0;
  const loop: TrainLoop = new TrainLoop({
    model,
    optimizer,
    nextBatch: () => Promise.resolve(batchOf(n, boxes(n++))),
    nameOf: (index) => `image ${index}`,
    lrAt: () => lr,
    maxIters: steps,
    seed: 1,
    onRecords: (some) => {
      records.push(...some);
    },
    onStep: (iter) => during?.(loop, iter),
  });
  try {
    await loop.run();
    const weights = (await readParameters(model.parameters)).map(({ data }) => data);
    return { weights, records };
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}

const restore: (() => void)[] = [];
let canvasUses = 0;
let counter: GpuCounter;

/** Replaces a method of a prototype by one that counts and calls it. */
function spyOn<T extends object>(prototype: T, method: keyof T & string, count: () => void): void {
  const original: unknown = Reflect.get(prototype, method);
  if (typeof original !== 'function') throw new Error(`${method} is no method`);
  Reflect.set(prototype, method, function spied(this: unknown, ...args: unknown[]): unknown {
    count();
    return Reflect.apply(original, this, args);
  });
  restore.push(() => Reflect.set(prototype, method, original));
}

beforeEach(async () => {
  canvasUses = 0;
  counter = new GpuCounter((await sharedHost()).backend.device, { execute: true });
  spyOn(HTMLCanvasElement.prototype, 'getContext', () => (canvasUses += 1));
  spyOn(OffscreenCanvas.prototype, 'getContext', () => (canvasUses += 1));
});

afterEach(() => {
  counter.stop();
  for (const undo of restore.splice(0)) undo();
});

for (const detector of SMALL_DETECTORS) {
  describeOnGpu(`training loop of ${detector.type}`, () => {
    suite(detector);
  });
}

function suite(detector: DetectorOptions): void {
  gpuTest('20 steps read nothing but the metrics, once per ten steps', async () => {
    const reads: number[] = [];
    await run({
      detector,
      steps: 20,
      during: (_, iter) => {
        const { readbacks } = counter.counts;
        reads.push(readbacks);
        expect(canvasUses).toBe(0);
        // The read of a full ring starts between two steps, after the tenth and after the twentieth.
        expect(readbacks, `reads after step ${iter}`).toBe(Math.floor(iter / 10));
      },
    });
    expect(reads.length).toBe(20);
  });

  gpuTest(
    'a step makes the same dispatches with no ground truth and with the maximum',
    async () => {
      const counts: number[] = [];
      await run({
        detector,
        steps: 4,
        boxes: (n) => [0, ROOM, 1, 0][n] ?? 0,
        during: () => {
          counts.push(counter.take().dispatches);
        },
      });
      expect(new Set(counts).size, `dispatches per step: ${counts.join(', ')}`).toBe(1);
    },
  );

  gpuTest('the same seed gives the same bytes, also with a pause in between', async () => {
    const first = await run({ detector, steps: 6 });
    const second = await run({
      detector,
      steps: 6,
      during: (loop, iter) => {
        if (iter !== 3) return;
        void loop.pause().then((at) => {
          expect(at).toBe(3);
          setTimeout(() => {
            loop.resume();
          }, 50);
        });
      },
    });
    const start = createDetector(detector, 3);
    const untrained = await readParameters(start.parameters);
    let changed = 0;
    let total = 0;
    for (const [i, values] of first.weights.entries()) {
      expect(values).toEqual(second.weights[i]);
      total += values.length;
      changed += values.filter((value, k) => value !== untrained[i]?.data[k]).length;
    }
    start.dispose();
    // Equality says nothing about weights that never moved.
    expect(changed / total).toBeGreaterThan(0.9);
    expect(first.records.map(({ loss }) => loss)).toEqual(second.records.map(({ loss }) => loss));
  });

  gpuTest('the number of tensors is the same after every step', async () => {
    const counts: number[] = [];
    await run({ detector, steps: 5, during: () => counts.push(tf.memory().numTensors) });
    expect(new Set(counts.slice(1)).size, counts.join(', ')).toBe(1);
  });

  gpuTest('the loss falls on a batch that is seen again and again', async () => {
    const model = createDetector(detector, 3);
    const optimizer = new Optimizer(model.parameters.trainable(), {
      algorithm: { type: 'SGD', momentum: 0.9, nesterov: false, weightDecay: 0 },
      paramwise: NO_PARAMWISE,
      clipMaxNorm: 10,
    });
    const losses: number[] = [];
    const loop = new TrainLoop({
      model,
      optimizer,
      nextBatch: () => Promise.resolve(batchOf(1, 3)),
      nameOf: String,
      lrAt: () => 0.02,
      maxIters: 30,
      seed: 1,
      onRecords: (records) => losses.push(...records.map(({ loss }) => loss)),
      onStep: () => undefined,
    });
    await loop.run();
    optimizer.dispose();
    model.dispose();
    expect(losses.length).toBe(30);
    expect(losses.at(-1)).toBeLessThan(0.8 * (losses[0] ?? 0));
  });

  gpuTest(
    'a loss that is not finite stops the run, names the images and leaves the weights',
    async () => {
      const before = await run({ detector, steps: 0 });
      let failure: unknown;
      let weights: Float32Array[] = [];
      const model = createDetector(detector, 3);
      const optimizer = new Optimizer(model.parameters.trainable(), {
        algorithm: { type: 'SGD', momentum: 0, nesterov: false, weightDecay: 0 },
        paramwise: NO_PARAMWISE,
        clipMaxNorm: 0,
      });
      const broken = batchOf(1, 2);
      broken.gtBoxes.fill(Number.NaN);
      const loop = new TrainLoop({
        model,
        optimizer,
        nextBatch: () => Promise.resolve(broken),
        nameOf: String,
        lrAt: () => Number.POSITIVE_INFINITY,
        maxIters: 2,
        seed: 1,
        onRecords: () => undefined,
        onStep: () => undefined,
      });
      try {
        await loop.run();
      } catch (error) {
        failure = error;
      }
      weights = (await readParameters(model.parameters)).map(({ data }) => data);
      optimizer.dispose();
      model.dispose();
      expect(String(failure)).toMatch(/not finite at iteration/);
      expect(before.weights.length).toBe(weights.length);
    },
  );
}
