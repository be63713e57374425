import { rng } from '../../base/rng.ts';
import { variedValues } from '../host/varied-values.ts';
import type { RoiAlignShape } from './roi-align.reference.ts';

/** A test case of `roiAlign`. */
export interface RoiAlignCase {
  readonly name: string;
  readonly shape: RoiAlignShape;
  /** Values of each level, [B, H, W, C]. */
  readonly features: readonly Float32Array<ArrayBuffer>[];
  /** [R, 5] */
  readonly rois: Float32Array<ArrayBuffer>;
  readonly roiLevels: readonly number[];
  /** [R, h, w, C] */
  readonly dy: Float32Array<ArrayBuffer>;
  readonly y?: ArrayLike<number>;
  readonly grads?: readonly ArrayLike<number>[];
  /** Of the known results, absolute. Default 1e-5. */
  readonly tolerance?: number;
}

/** What a case's shape may leave out. */
type CaseShape = Partial<RoiAlignShape> & Pick<RoiAlignShape, 'levels'>;

/** A case with varied features and upstream gradient; all RoIs on level 0 unless said otherwise. */
export function roiAlignCase(
  name: string,
  options: CaseShape,
  rois: readonly (readonly number[])[],
  roiLevels: readonly number[] = rois.map(() => 0),
): RoiAlignCase {
  const shape: RoiAlignShape = {
    batch: 1,
    channels: 4,
    outputSize: [7, 7],
    samplingRatio: 0,
    aligned: true,
    ...options,
  };
  const { batch, channels, levels, outputSize } = shape;
  return {
    name,
    shape,
    features: levels.map(({ height, width }, level) =>
      variedValues(batch * height * width * channels, level + 1),
    ),
    rois: Float32Array.from(rois.flat()),
    roiLevels,
    dy: variedValues(rois.length * outputSize[0] * outputSize[1] * channels, 9),
  };
}

/** Four levels of an input of 128 × 180 pixels, none a multiple of a tile. */
export const PYRAMID = [
  { height: 32, width: 45, spatialScale: 1 / 4 },
  { height: 16, width: 23, spatialScale: 1 / 8 },
  { height: 8, width: 12, spatialScale: 1 / 16 },
  { height: 4, width: 6, spatialScale: 1 / 32 },
];

/** RoIs of all sizes in and around an input of 128 × 180 pixels; some on whole and half pixels. */
export function randomRois(seed: number, count: number, batch: number): number[][] {
  const random = rng(seed);
  return Array.from({ length: count }, () => {
    const step = [1, 0.5, 2 ** -10][random.int(0, 3)] ?? 1;
    const coordinate = (low: number, high: number): number =>
      Math.round((low + random.float() * (high - low)) / step) * step;
    const [x, y] = [coordinate(-20, 180), coordinate(-20, 128)];
    const size = 2 ** (random.float() * 8);
    const ratio = 2 ** (random.float() * 2 - 1);
    return [
      random.int(0, batch),
      x,
      y,
      x + coordinate(0, size * ratio),
      y + coordinate(0, size / ratio),
    ];
  });
}

/** Every RoI on a level drawn at random; some on none. */
export function randomLevels(seed: number, count: number, levels: number): number[] {
  const random = rng(seed);
  return Array.from({ length: count }, () => random.int(-1, levels));
}

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

/** Own cases; those without `y` are known to the slow twin only. */
export const CASES: readonly RoiAlignCase[] = [
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
