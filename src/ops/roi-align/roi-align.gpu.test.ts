import { afterEach, expect, test, vi } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor4D } from '../../tensor/tf.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import { expectCloseToScale } from '../host/expect-close-to-scale.ts';
import { CASES, PYRAMID, randomLevels, randomRois, roiAlignCase } from './roi-align.cases.ts';
import type { RoiAlignCase } from './roi-align.cases.ts';
import { mmcvCases, packCases } from './roi-align.oracle.ts';
import { roiAlignReference } from './roi-align.reference.ts';
import { roiAlign } from './roi-align.ts';

interface Result {
  readonly y: ArrayLike<number>;
  /** Absent where the oracle has none. */
  readonly grads?: readonly ArrayLike<number>[];
}

/** The tensors of a case: the features, then RoIs and levels. */
function tensorsOf(c: RoiAlignCase) {
  const { batch, channels, levels } = c.shape;
  const features = levels.map(({ height, width }, level) =>
    tf.tensor4d(c.features[level] ?? [], [batch, height, width, channels]),
  );
  const rois = tf.tensor2d(c.rois, [c.roiLevels.length, 5]);
  return { features, rois, roiLevels: tf.tensor1d([...c.roiLevels], 'int32') };
}

function runOf({ shape }: RoiAlignCase, rois: Tensor, roiLevels: Tensor) {
  return (...features: Tensor[]): Tensor4D =>
    roiAlign(features as Tensor4D[], rois, roiLevels, {
      ...shape,
      spatialScales: shape.levels.map(({ spatialScale }) => spatialScale),
    });
}

async function runOnGpu(c: RoiAlignCase): Promise<Required<Result>> {
  const { channels, outputSize } = c.shape;
  const { value, grads } = tf.tidy(() => {
    const { features, rois, roiLevels } = tensorsOf(c);
    const out: [number, number, number, number] = [c.roiLevels.length, ...outputSize, channels];
    return tf.valueAndGrads(runOf(c, rois, roiLevels))(features, tf.tensor4d(c.dy, out));
  });
  const read = await Promise.all([value, ...grads].map((tensor) => readTensor(tensor)));
  tf.dispose([value, ...grads]);
  const [y, ...rest] = read;
  if (y === undefined) throw new Error('no output');
  return { y, grads: rest };
}

const pack = await packCases();
const mmcv = await mmcvCases();
for (const [name, found] of Object.entries({ 'ops/roi_align': pack, 'mmdet/roi_align': mmcv })) {
  test.skipIf(found === undefined)(`oracle ${name} is there (skipped where it is absent)`, () => {
    expect(found?.length).toBeGreaterThan(0);
  });
}

describeOnBackends<RoiAlignCase, Result>('roiAlign', {
  cases: [...CASES, ...(pack ?? []), ...(mmcv ?? [])],
  reference: (c) => roiAlignReference(c.shape, c.features, c.rois, c.roiLevels, c.dy),
  webgpu: runOnGpu,
  compare(actual, wanted, { tolerance = 1e-5 }) {
    expectClose(actual.y, wanted.y, { absolute: tolerance, relative: 0 });
    for (const [level, grad] of (wanted.grads ?? []).entries()) {
      expectCloseToScale(actual.grads?.[level] ?? [], grad, tolerance, `gradient ${level}`);
    }
  },
  expected({ y, grads }) {
    if (y === undefined) return undefined;
    return grads === undefined ? { y } : { y, grads };
  },
});

const pyramid = (seed: number): RoiAlignCase =>
  roiAlignCase(
    'pyramid',
    { levels: PYRAMID, batch: 2 },
    randomRois(seed, 60, 2),
    randomLevels(seed, 60, 4),
  );

afterEach(() => {
  vi.restoreAllMocks();
});

describeOnGpu('roiAlign', () => {
  gpuTest('gives the same bits every time', async () => {
    const [first, second] = [await runOnGpu(pyramid(1)), await runOnGpu(pyramid(1))];
    expect(second).toEqual(first);
  });

  gpuTest('one dispatch, two for the gradient, whatever the RoIs', async () => {
    await tf.ready();
    const dispatch = vi.spyOn(GPUComputePassEncoder.prototype, 'dispatchWorkgroups');
    const nowhere = { ...pyramid(2), roiLevels: Array.from({ length: 60 }, () => -1) };
    const tiny = { ...pyramid(2), rois: new Float32Array(300) };
    const huge = {
      ...pyramid(2),
      rois: Float32Array.from(pyramid(2).rois, (v, i) => v * (i % 5) * 9),
    };
    for (const c of [pyramid(2), nowhere, tiny, huge]) {
      const { features, rois, roiLevels } = tensorsOf(c);
      const dy = tf.tensor4d(c.dy, [60, 7, 7, 4]);
      const run = runOf(c, rois, roiLevels);
      let before = dispatch.mock.calls.length;
      const y = run(...features);
      expect(dispatch.mock.calls.length - before).toBe(1);
      before = dispatch.mock.calls.length;
      const { value, grads } = tf.valueAndGrads(run)(features, dy);
      expect(dispatch.mock.calls.length - before).toBe(3);
      tf.dispose([...features, rois, roiLevels, dy, y, value, ...grads]);
    }
  });

  gpuTest('a gradient for some of the levels only', async () => {
    const c = pyramid(3);
    const { features, rois, roiLevels } = tensorsOf(c);
    const [p2, p3, p4, p5] = features;
    if (!p2 || !p3 || !p4 || !p5) throw new Error('four levels');
    const dy = tf.tensor4d(c.dy, [60, 7, 7, 4]);
    const run = runOf(c, rois, roiLevels);
    const grad = tf.grad((x) => run(p2, p3, x, p5))(p4, dy);
    const { grads } = roiAlignReference(c.shape, c.features, c.rois, c.roiLevels, c.dy);
    expectCloseToScale(await readTensor(grad), grads[2] ?? [], 1e-5, 'gradient 2');
    tf.dispose([...features, rois, roiLevels, dy, grad]);
  });

  gpuTest('refuses wrong shapes and options', async () => {
    await tf.ready();
    const { features, rois, roiLevels } = tensorsOf(pyramid(4));
    const options = {
      spatialScales: [1 / 4, 1 / 8, 1 / 16, 1 / 32],
      outputSize: [7, 7],
      samplingRatio: 0,
      aligned: true,
    } as const;
    const run =
      (change: Partial<typeof options> | object, maps = features) =>
      () =>
        roiAlign(maps, rois, roiLevels, { ...options, ...change });
    expect(run({}, [])).toThrow(/features must be 1 to 5 levels, got 0/);
    expect(run({}, features.slice(1))).toThrow(/spatialScales must be 3 numbers above 0/);
    expect(run({ outputSize: [7, 0] })).toThrow(/outputSize must be whole numbers 1 … 128, got 0/);
    expect(run({ samplingRatio: 0.5 })).toThrow(/samplingRatio must be a whole number 0 … 4096/);
    expect(() => roiAlign(features, roiLevels, roiLevels, options)).toThrow(/rois must be float32/);
    expect(() => roiAlign(features, rois, rois, options)).toThrow(/roiLevels must be int32 \[60\]/);
    tf.dispose([...features, rois, roiLevels]);
  });
});
