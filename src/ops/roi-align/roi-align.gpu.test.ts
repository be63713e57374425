import { afterEach, expect, test, vi } from 'vitest';
import { rng } from '../../base/rng.ts';
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
import { PYRAMID, randomLevels, randomRois, roiAlignCase } from './roi-align.cases.ts';
import type { RoiAlignCase } from './roi-align.cases.ts';
import { mmcvCases, packCases } from './roi-align.oracle.ts';
import { roiAlignReference } from './roi-align.reference.ts';
import { roiAlign } from './roi-align.ts';

const one = [{ height: 9, width: 13, spatialScale: 1 / 4 }];
const zeros = (c: RoiAlignCase): RoiAlignCase => ({
  ...c,
  y: new Float32Array(c.dy.length),
  grads: c.features.map(({ length }) => new Float32Array(length)),
});

/** Two by two pixels, 1 2 / 3 4, one channel, at the scale of the input. */
const byHand = (
  name: string,
  options: Partial<RoiAlignCase['shape']>,
  roi: readonly number[],
  y: readonly number[],
  grad: readonly number[],
): RoiAlignCase => ({
  ...roiAlignCase(
    name,
    { levels: [{ height: 2, width: 2, spatialScale: 1 }], channels: 1, ...options },
    [roi],
  ),
  features: [Float32Array.of(1, 2, 3, 4)],
  dy: new Float32Array(y.length).fill(1),
  y,
  grads: [grad],
});

/** RoIs of whole pixels that cross the edges of an input of 60 × 84 pixels. */
function roisAcrossEdges(count: number): number[][] {
  const random = rng(7);
  return Array.from({ length: count }, () => {
    const [x, y] = [random.int(-30, 84), random.int(-30, 60)];
    return [0, x, y, x + random.int(1, 60), y + random.int(1, 60)];
  });
}

const cases: RoiAlignCase[] = [
  // One sample in the middle of the four pixels.
  byHand(
    'by hand: one sample',
    { outputSize: [1, 1], samplingRatio: 1 },
    [0, 0, 0, 2, 2],
    [2.5],
    [0.25, 0.25, 0.25, 0.25],
  ),
  // Samples at (0, 0), (0, 1), (1, 0), (1, 1): the pixels themselves.
  byHand(
    'by hand: a sample on each pixel',
    { outputSize: [2, 2] },
    [0, 0, 0, 2, 2],
    [1, 2, 3, 4],
    [1, 1, 1, 1],
  ),
  // x of the samples: −0.5 and 2.5. The first reads the edge, the second is outside and counts as 0.
  byHand(
    'by hand: beyond the edge',
    { outputSize: [1, 2], samplingRatio: 1 },
    [0, -1.5, 0, 4.5, 2],
    [2, 0],
    [0.5, 0, 0.5, 0],
  ),
  // aligned false: one pixel large at least; the sample is at (0.5, 0.5).
  byHand(
    'by hand: zero size, not aligned',
    { outputSize: [1, 1], aligned: false },
    [0, 0, 0, 0, 0],
    [2.5],
    [0.25, 0.25, 0.25, 0.25],
  ),
  byHand(
    'by hand: zero size, two samples per axis',
    { outputSize: [1, 1], samplingRatio: 2 },
    [0, 1, 1, 1, 1],
    [2.5],
    [0.25, 0.25, 0.25, 0.25],
  ),
  zeros(
    roiAlignCase('zero size and inverted, adaptive: no samples', { levels: one }, [
      [0, 20, 10, 20, 10],
      [0, 20, 10, 40, 10],
      [0, 30, 20, 10, 10],
      [0, 30, 10, 10, 20],
    ]),
  ),
  zeros(
    roiAlignCase('outside the map', { levels: one, samplingRatio: 2 }, [
      [0, -90, -90, -20, -20],
      [0, 100, 0, 140, 20],
      [0, 0, 80, 20, 120],
    ]),
  ),
  zeros(
    roiAlignCase(
      'slots that are not there',
      { levels: one, samplingRatio: 2 },
      [
        [0, 0, 0, 20, 20],
        [0, 0, 0, 20, 20],
        [1, 0, 0, 20, 20],
        [-1, 0, 0, 20, 20],
      ],
      [-1, 1, 0, 0],
    ),
  ),
  zeros(
    roiAlignCase('NaN and infinite coordinates', { levels: one, samplingRatio: 2 }, [
      [0, Number.NaN, 0, 20, 20],
      [0, 0, 0, 20, Number.NaN],
      [Number.NaN, 0, 0, 20, 20],
      [0, 0, 0, Number.POSITIVE_INFINITY, 20],
      [0, Number.NEGATIVE_INFINITY, 0, 20, 20],
      [Number.POSITIVE_INFINITY, 0, 0, 20, 20],
    ]),
  ),
  roiAlignCase('huge RoIs end', { levels: one }, [
    [0, 0, 0, 1e30, 20],
    [0, -3e38, 0, 3e38, 20],
    [0, -4e6, -4e6, 4e6, 4e6],
    [0, -1e5, 3, 20, 1e5],
    [0, 5, 5, 4000, 4000],
  ]),
  roiAlignCase('inverted with a fixed grid', { levels: one, samplingRatio: 2 }, [
    [0, 40, 30, 10, 5],
    [0, 50, 5, 8, 30],
  ]),
  zeros(roiAlignCase('no RoI', { levels: PYRAMID, batch: 2 }, [])),
  // 7 · 2 pixels of the level make two samples per bin, and not three.
  roiAlignCase('bins of whole pixels', { levels: [{ height: 40, width: 50, spatialScale: 1 }] }, [
    [0, 3, 5, 17, 19],
    [0, 3, 5, 24, 33],
    [0, 0, 0, 49, 35],
  ]),
  roiAlignCase('edges of the map', { levels: one, samplingRatio: 2, outputSize: [2, 2] }, [
    [0, -6, -6, 2, 2],
    [0, 0, 0, 52, 36],
    [0, 48, 32, 56, 40],
    [0, 50, 34, 58, 42],
  ]),
  // Thirds and sevenths of whole pixels: many samples lie on the very edge, give or take the last bit of a float.
  ...[true, false].flatMap((aligned) =>
    [0, 2].map((samplingRatio) =>
      roiAlignCase(
        `samples on the edges, aligned ${aligned}, sampling ratio ${samplingRatio}`,
        {
          levels: [{ height: 20, width: 28, spatialScale: 1 / 3 }],
          channels: 1,
          aligned,
          samplingRatio,
        },
        roisAcrossEdges(400),
      ),
    ),
  ),
  roiAlignCase('one pixel', { levels: [{ height: 1, width: 1, spatialScale: 1 / 64 }] }, [
    [0, 0, 0, 64, 64],
    [0, 10, 10, 20, 60],
  ]),
  ...[1, 3, 24, 260].map((channels) =>
    roiAlignCase(
      `${channels} channels, two images, four levels`,
      { levels: PYRAMID, batch: 2, channels },
      randomRois(channels, 40, 2),
      randomLevels(channels, 40, 4),
    ),
  ),
  ...[true, false].flatMap((aligned) =>
    [0, 1, 3].map((samplingRatio) =>
      roiAlignCase(
        `aligned ${aligned}, sampling ratio ${samplingRatio}, 5 × 3 bins`,
        { levels: PYRAMID, batch: 2, aligned, samplingRatio, outputSize: [5, 3] },
        randomRois(samplingRatio, 50, 2),
        randomLevels(samplingRatio, 50, 4),
      ),
    ),
  ),
  roiAlignCase(
    'five levels, 14 × 14 bins',
    {
      levels: [...PYRAMID, { height: 2, width: 3, spatialScale: 1 / 64 }],
      outputSize: [14, 14],
      channels: 8,
    },
    randomRois(5, 30, 1),
    randomLevels(5, 30, 5),
  ),
  roiAlignCase(
    '2,500 RoIs: more than one list',
    { levels: PYRAMID.slice(2), batch: 2, channels: 1, outputSize: [2, 2] },
    randomRois(6, 2500, 2),
    randomLevels(6, 2500, 2),
  ),
];

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
  cases: [...cases, ...(pack ?? []), ...(mmcv ?? [])],
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
