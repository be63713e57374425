import { expect } from 'vitest';
import { rng } from '../../base/rng.ts';
import { readIntTensor, readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import { fcosSumsReference, fcosTargetsReference } from './fcos-targets.reference.ts';
import type { FcosImage, FcosImageTargets } from './fcos-targets.reference.ts';
import { fcosTargets } from './fcos-targets.ts';
import type { FcosTargetsOptions } from './fcos-targets.ts';
import type { PointLevel } from './point-level.ts';

interface Case {
  readonly name: string;
  readonly levels: readonly PointLevel[];
  readonly images: readonly FcosImage[];
  readonly options?: Partial<FcosTargetsOptions>;
  /** Of the first image. */
  readonly expected?: FcosImageTargets;
}

interface Outcome {
  readonly images: readonly FcosImageTargets[];
  readonly numPos: readonly number[];
  readonly positives: number;
  readonly centernessSum: number;
}

const K = 5;
const FAR: readonly [number, number] = [-1, 1e8];
const whole: FcosTargetsOptions = {
  regressRanges: [FAR],
  centerSampling: null,
  normOnBbox: false,
};

function optionsOf({ levels, options }: Case): FcosTargetsOptions {
  return { ...whole, regressRanges: levels.map(() => FAR), ...options };
}

/** Levels of one grid: (height, width, stride) each. */
function levels(...rows: (readonly [number, number, number])[]): PointLevel[] {
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
const cases: Case[] = [
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
  ...[true, false].flatMap((normOnBbox): Case[] =>
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

describeOnBackends<Case, Outcome>('fcosTargets', {
  cases,
  reference(input) {
    const images = input.images.map((one) =>
      fcosTargetsReference(input.levels, one, K, optionsOf(input)),
    );
    return { images, ...fcosSumsReference(images) };
  },
  async webgpu(input) {
    const { levels: grid, images } = input;
    const most = Math.max(1, ...images.map(({ gtLabels }) => gtLabels.length));
    // Rows behind the last box would win everywhere, if they were looked at.
    const pad = (values: ArrayLike<number>, size: number, by: number) =>
      Array.from({ length: size }, (_, i) => values[i] ?? by);
    const inputs = {
      gtBoxes: tf.tensor3d(
        images.flatMap(({ gtBoxes }) => {
          const rows = Array.from(gtBoxes);
          while (rows.length < most * 4) rows.push(0, 0, 999, 999);
          return rows;
        }),
        [images.length, most, 4],
      ),
      gtLabels: tf.tensor2d(
        images.map(({ gtLabels }) => pad(gtLabels, most, 0)),
        [images.length, most],
        'int32',
      ),
      gtCounts: tf.tensor1d(
        images.map(({ gtLabels }) => gtLabels.length),
        'int32',
      ),
      batchShapes: tf.tensor2d(
        images.map(({ batchShape }) => [...batchShape]),
        [images.length, 2],
        'int32',
      ),
    };
    const result = fcosTargets({
      ...inputs,
      levels: grid,
      numClasses: K,
      options: optionsOf(input),
    });
    const ints = [result.labels, result.assigned, result.numPos].map((tensor) =>
      readIntTensor(tensor),
    );
    const [labels, assigned, numPos] = await Promise.all(ints);
    const [distances, centerness, positives, sum] = await Promise.all(
      [result.distances, result.centerness, result.positives, result.centernessSum].map((tensor) =>
        readTensor(tensor),
      ),
    );
    tf.dispose([...Object.values(inputs), ...Object.values(result)]);
    const points = (labels?.length ?? 0) / images.length;
    const part = (values: ArrayLike<number> | undefined, index: number, width = 1): number[] =>
      Array.from(values ?? []).slice(index * points * width, (index + 1) * points * width);
    return {
      images: images.map((_, index) => ({
        labels: part(labels, index),
        assigned: part(assigned, index),
        distances: part(distances, index, 4),
        centerness: part(centerness, index),
      })),
      numPos: Array.from(numPos ?? []),
      positives: positives?.[0] ?? Number.NaN,
      centernessSum: sum?.[0] ?? Number.NaN,
    };
  },
  compare(actual, expected) {
    expect(actual.numPos).toEqual(expected.numPos);
    expect(actual.positives).toBe(expected.positives);
    expectClose([actual.centernessSum], [expected.centernessSum], { absolute: 1e-12 });
    for (const [index, want] of expected.images.entries()) {
      const got = actual.images[index];
      expect(got?.labels).toEqual(want.labels);
      expect(got?.assigned).toEqual(want.assigned);
      expectClose(got?.distances ?? [], want.distances, { relative: 1e-6 });
      expectClose(got?.centerness ?? [], want.centerness, { relative: 1e-6 });
    }
  },
  expected(input) {
    if (input.expected === undefined) return undefined;
    const others = input.images
      .slice(1)
      .map((one) => fcosTargetsReference(input.levels, one, K, optionsOf(input)));
    const images = [input.expected, ...others];
    return { images, ...fcosSumsReference(images) };
  },
});

describeOnGpu('fcosTargets', () => {
  gpuTest('refuses what does not fit', async () => {
    await tf.ready();
    const inputs = {
      levels: levels([1, 2, 8]),
      gtBoxes: tf.zeros([1, 3, 4]),
      gtLabels: tf.zeros([1, 3], 'int32'),
      gtCounts: tf.zeros([1], 'int32'),
      batchShapes: tf.zeros([1, 2], 'int32'),
      numClasses: K,
      options: whole,
    };
    const run = (change: object) => () => fcosTargets({ ...inputs, ...change });
    expect(run({ gtCounts: inputs.gtLabels })).toThrow(/gtCounts must be int32 \[1\]/);
    expect(run({ levels: [] })).toThrow(/levels must not be empty/);
    expect(run({ levels: levels([1, 2, 8], [1, 1, 16]) })).toThrow(/regressRanges must be 2/);
    expect(run({ levels: levels([1, 2, 0.5]) })).toThrow(/stride must be a whole number/);
    expect(run({ levels: levels([1, 2, 8]).map((level) => ({ ...level, start: 1 })) })).toThrow(
      /level 0 starts at 1, expected 0/,
    );
    expect(run({ options: { ...whole, centerSampling: 0 } })).toThrow(/centerSampling must be/);
    const { gtBoxes, gtLabels, gtCounts, batchShapes } = inputs;
    tf.dispose([gtBoxes, gtLabels, gtCounts, batchShapes]);
  });
});
