import { rng } from '../../base/rng.ts';
import type { FcosImage, FcosImageTargets } from './fcos-targets.reference.ts';
import type { FcosTargetsOptions } from './fcos-targets.ts';
import type { PointLevel } from './point-level.ts';

/** A batch for `fcosTargets`. Used by tests only. */
export interface FcosCase {
  readonly name: string;
  readonly levels: readonly PointLevel[];
  readonly images: readonly FcosImage[];
  readonly options?: Partial<FcosTargetsOptions>;
  /** Of the first image. */
  readonly expected?: FcosImageTargets;
}

/** Classes; also the label of the background. */
export const K = 5;
const FAR: readonly [number, number] = [-1, 1e8];
/** Every box is for every level. */
export const whole: FcosTargetsOptions = {
  regressRanges: [FAR],
  centerSampling: null,
  normOnBbox: false,
};

/** Options of a case: those of {@link whole} where it says nothing. */
export function optionsOf({ levels, options }: FcosCase): FcosTargetsOptions {
  return { ...whole, regressRanges: levels.map(() => FAR), ...options };
}

/** Levels of one grid: (height, width, stride) each. */
export function levels(...rows: (readonly [number, number, number])[]): PointLevel[] {
  let start = 0;
  return rows.map(([height, width, stride]) => {
    const level = { start, height, width, stride };
    start += height * width;
    return level;
  });
}

/** An image of the grid's own size. */
function image(gtBoxes: readonly number[], gtLabels: readonly number[] = []): FcosImage {
  return { gtBoxes, gtLabels, batchShape: [1e6, 1e6] };
}

/** The ranges of the paper, a power of two smaller. */
const PAPER = [-1, 32, 64, 128, 256, 1e8].flatMap((low, index, ends) => {
  const high = ends[index + 1];
  return high === undefined ? [] : [[low, high] as const];
});

const none = [0, 0, 0, 0];
const third = 1 / 3;
export const cases: readonly FcosCase[] = [
  {
    // Points (4, 4), (12, 4), (20, 4) and (4, 12), (12, 12), (20, 12).
    name: 'by hand: two columns of points inside, one outside',
    levels: levels([2, 3, 8]),
    images: [image([0, 0, 16, 16], [3])],
    expected: {
      labels: [3, 3, K, 3, 3, K],
      assigned: [0, 0, -1, 0, 0, -1],
      distances: [4, 4, 12, 12, 12, 4, 4, 12, ...none, 4, 12, 12, 4, 12, 12, 4, 4, ...none],
      centerness: [third, third, 0, third, third, 0],
    },
  },
  {
    name: 'by hand: distances in strides',
    levels: levels([1, 2, 8]),
    images: [image([0, 2, 12, 8], [1])],
    options: { normOnBbox: true },
    // (12, 4) lies on the right side, which is outside.
    expected: {
      labels: [1, K],
      assigned: [0, -1],
      distances: [0.5, 0.25, 1, 0.5, ...none],
      centerness: [0.5, 0],
    },
  },
  {
    name: 'of nested boxes the smallest, of equal ones the first',
    levels: levels([1, 3, 8]),
    images: [image([0, 0, 24, 8, 8, 0, 16, 8, 8, 0, 16, 8, 16, 0, 24, 8], [4, 2, 1, 0])],
    expected: {
      labels: [4, 2, 0],
      assigned: [0, 1, 3],
      distances: [4, 4, 20, 4, 4, 4, 4, 4, 4, 4, 4, 4],
      centerness: [Math.sqrt(1 / 5), 1, 1],
    },
  },
  {
    // Longest distances of the first level's points are 12 and 12, of the second's 8.
    name: 'both ends of a range belong to it',
    levels: levels([1, 2, 8], [1, 1, 16]),
    images: [image([0, -4, 16, 16], [0])],
    options: {
      regressRanges: [
        [-1, 12],
        [12, 1e8],
      ],
    },
    expected: {
      labels: [0, 0, 0],
      assigned: [0, 0, 0],
      distances: [4, 8, 12, 12, 12, 8, 4, 12, 8, 12, 8, 8],
      centerness: [
        Math.sqrt((4 / 12) * (8 / 12)),
        Math.sqrt((4 / 12) * (8 / 12)),
        Math.sqrt(2 / 3),
      ],
    },
  },
  {
    // Centre (16, 4), half side 8 · 1.5: x in 4 … 28, of which 4 and 28 are just outside.
    name: 'centre sampling',
    levels: levels([1, 5, 8]),
    images: [image([-8, 0, 40, 8], [2])],
    options: { centerSampling: 1.5 },
    expected: {
      labels: [K, 2, 2, K, K],
      assigned: [-1, 0, 0, -1, -1],
      distances: [...none, 20, 4, 28, 4, 28, 4, 20, 4, ...none, ...none],
      centerness: [0, Math.sqrt(5 / 7), Math.sqrt(5 / 7), 0, 0],
    },
  },
  {
    name: 'the region around the centre ends where the box does',
    levels: levels([1, 3, 8]),
    images: [image([10, 1, 14, 7], [1])],
    options: { centerSampling: 1.5 },
    expected: {
      labels: [K, 1, K],
      assigned: [-1, 0, -1],
      distances: [...none, 2, 3, 2, 3, ...none],
      centerness: [0, 1, 0],
    },
  },
  {
    name: 'without ground truth, with one, and points beyond the padding',
    levels: levels([2, 2, 8], [1, 1, 16]),
    images: [
      { gtBoxes: [], gtLabels: [], batchShape: [8, 16] },
      { gtBoxes: [0, 0, 16, 16], gtLabels: [0], batchShape: [16, 8] },
      { gtBoxes: [0, 0, 16, 16], gtLabels: [0], batchShape: [9, 9] },
    ],
    expected: {
      labels: [K, K, -1, -1, K],
      assigned: [-1, -1, -1, -1, -1],
      distances: Array.from({ length: 20 }, () => 0),
      centerness: [0, 0, 0, 0, 0],
    },
  },
  {
    name: 'no positive in the whole batch',
    levels: levels([1, 1, 8]),
    images: [image([]), image([5, 5, 6, 6], [1])],
  },
  {
    name: 'boxes without area, inverted and NaN get no point',
    levels: levels([2, 2, 8]),
    images: [
      image(
        [4, 0, 4, 16, 0, 4, 16, 4, 16, 16, 0, 0, Number.NaN, 0, 16, 16, 0, 0, 16, Number.NaN],
        [0, 1, 2, 3, 4],
      ),
      image([4, 4, 4, 4, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 0, 0, 9, 16], [0, 1, 2]),
    ],
    expected: {
      labels: [K, K, K, K],
      assigned: [-1, -1, -1, -1],
      distances: Array.from({ length: 16 }, () => 0),
      centerness: [0, 0, 0, 0],
    },
  },
  ...[true, false].flatMap((normOnBbox): FcosCase[] =>
    [null, 1.5, 0.7].map((centerSampling) => ({
      name: `five levels, four images, ${centerSampling === null ? 'whole boxes' : `radius ${centerSampling}`}, distances in ${normOnBbox ? 'strides' : 'pixels'}`,
      levels: levels([25, 34, 8], [13, 17, 16], [7, 9, 32], [4, 5, 64], [2, 3, 128]),
      images: [0, 1, 40, 7].map((count, index) => randomImage(11 + index, count)),
      options: { regressRanges: PAPER, centerSampling, normOnBbox },
    })),
  ),
];

function randomImage(seed: number, count: number): FcosImage {
  const random = rng(seed);
  const side = (least: number, most: number): number =>
    Math.fround(least + random.float() ** 2 * (most - least));
  const gtBoxes = Array.from({ length: count }, () => {
    const [x, y] = [side(0, 240), side(0, 180)];
    return [x, y, Math.fround(x + side(2, 150)), Math.fround(y + side(2, 120))];
  }).flat();
  return {
    gtBoxes,
    gtLabels: Array.from({ length: count }, () => random.int(0, K)),
    batchShape: [seed % 2 === 0 ? 200 : 160, 256],
  };
}
