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
import { filterScoresAndTopKReference } from './filter-scores-and-top-k.reference.ts';
import type { TopScoresOfLevel } from './filter-scores-and-top-k.reference.ts';
import { filterScoresAndTopK } from './filter-scores-and-top-k.ts';

interface Case {
  readonly name: string;
  /** Per image, [N · K]. */
  readonly images: readonly Float32Array[];
  readonly numClasses: number;
  readonly levelSizes: readonly number[];
  readonly scoreThreshold: number | null;
  readonly k: number;
  readonly rankBy?: 'sigmoid' | 'logit';
  /** Per image, [N]. */
  readonly valid?: readonly Int32Array[];
  /** Elements per level of the first image. */
  readonly expected?: readonly (readonly number[])[];
}

/** Logits of a few distinct values, so that ties happen and sigmoids that differ are far apart. */
function coarse(seed: number, count: number, distinct: number): Float32Array {
  const random = rng(seed);
  return Float32Array.from({ length: count }, () => random.int(-distinct, distinct) / 8);
}

/** Logits of an untrained RPN: all sigmoids in a hundredth. */
function nearZero(seed: number, count: number): Float32Array {
  const random = rng(seed);
  return Float32Array.from({ length: count }, () => random.normal() / 100);
}

const base = { numClasses: 1, scoreThreshold: 0.05, k: 3 };
const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;
const cases: Case[] = [
  {
    ...base,
    name: 'by hand: two levels of two classes',
    images: [Float32Array.from([1, 2, -9, 0, 3, -9, 4, 3, 3, 3])],
    numClasses: 2,
    levelSizes: [2, 3],
    expected: [
      [1, 0, 3],
      [6, 4, 7],
    ],
  },
  {
    // sigmoid(0) is ½ exactly, and not above ½.
    ...base,
    name: 'the threshold is strict',
    images: [Float32Array.from([0, 0.001, -0.001])],
    levelSizes: [3],
    scoreThreshold: 0.5,
    expected: [[1]],
  },
  {
    ...base,
    name: 'ties across the cut: the lowest elements',
    images: [new Float32Array(2000).fill(2)],
    levelSizes: [1000, 1000],
    expected: [
      [0, 1, 2],
      [1000, 1001, 1002],
    ],
  },
  {
    ...base,
    name: 'NaN and −Infinity never pass, Infinity does',
    images: [Float32Array.from([NAN, -INF, INF, NAN, 1])],
    levelSizes: [5],
    expected: [[2, 4]],
  },
  {
    ...base,
    name: 'nothing passes',
    images: [new Float32Array(300).fill(-5)],
    levelSizes: [300],
    expected: [[]],
  },
  {
    ...base,
    name: 'a level of one anchor',
    images: [Float32Array.from([3])],
    levelSizes: [1],
    expected: [[0]],
  },
  {
    name: 'ties everywhere, 70 000 elements, element numbers of three bytes, k 1000',
    images: [coarse(1, 70_000, 40)],
    numClasses: 7,
    levelSizes: [9000, 900, 90, 9, 1],
    scoreThreshold: 0.05,
    k: 1000,
  },
  {
    name: 'all above the threshold, two images, k 100',
    images: [coarse(2, 5005, 9), coarse(3, 5005, 9)],
    numClasses: 5,
    levelSizes: [777, 200, 24],
    scoreThreshold: 0,
    k: 100,
  },
  {
    name: 'distinct scores',
    images: [Float32Array.from({ length: 3000 }, (_, i) => ((i * 7919) % 3000) / 400 - 3)],
    numClasses: 3,
    levelSizes: [600, 400],
    scoreThreshold: 0.3,
    k: 200,
  },
  {
    ...base,
    name: 'k larger than a level',
    images: [coarse(4, 60, 30)],
    levelSizes: [50, 10],
    k: 1000,
  },
  {
    ...base,
    name: 'no threshold: sigmoids that underflow to 0 count, −Infinity too, NaN does not',
    images: [Float32Array.from([-200, NAN, -INF, -150, 1, -5])],
    levelSizes: [4, 2],
    scoreThreshold: null,
    expected: [
      [0, 2, 3],
      [4, 5],
    ],
  },
  {
    ...base,
    name: 'by logit, what is a tie of sigmoids is none',
    images: [Float32Array.from([-200, NAN, -INF, -150, 40, 50, 30, -0, 0])],
    levelSizes: [4, 5],
    scoreThreshold: null,
    rankBy: 'logit',
    k: 4,
    expected: [
      [3, 0, 2],
      [5, 4, 6, 7],
    ],
  },
  {
    ...base,
    name: 'by sigmoid, 40 and 50 are a tie',
    images: [Float32Array.from([40, 50, 30])],
    levelSizes: [3],
    scoreThreshold: null,
    expected: [[0, 1, 2]],
  },
  {
    ...base,
    name: 'by hand: an anchor that is not valid, two classes',
    images: [Float32Array.from([5, 4, 3, 2, 1, 0])],
    numClasses: 2,
    levelSizes: [3],
    valid: [Int32Array.from([0, 1, 1])],
    expected: [[2, 3, 4]],
  },
  {
    ...base,
    name: 'two images, each with its own valid anchors',
    images: [coarse(8, 300, 9), coarse(9, 300, 9)],
    numClasses: 3,
    levelSizes: [90, 10],
    valid: [8, 9].map((seed) => {
      const random = rng(seed);
      return Int32Array.from({ length: 100 }, () => random.int(0, 2));
    }),
    k: 40,
  },
  {
    name: '100 000 anchors near a logit of 0, one level, k 1000',
    images: [nearZero(5, 100_000), nearZero(6, 100_000)],
    numClasses: 1,
    levelSizes: [100_000],
    scoreThreshold: null,
    rankBy: 'logit',
    k: 1000,
  },
  {
    name: '100 000 anchors of one score in one level of two, k 2000',
    images: [new Float32Array(100_500).fill(-4.5)],
    numClasses: 1,
    levelSizes: [100_000, 500],
    scoreThreshold: null,
    k: 2000,
  },
  {
    name: '300 000 pairs, more than the workgroups of a level, k 1000',
    images: [coarse(7, 300_000, 4000)],
    numClasses: 3,
    levelSizes: [100_000],
    scoreThreshold: 0.05,
    rankBy: 'logit',
    k: 1000,
  },
  ...[4095, 4096, 4097].map((size) => ({
    name: `${size} elements, about the size of a workgroup`,
    images: [coarse(size, size, 60)],
    numClasses: 1,
    levelSizes: [size],
    scoreThreshold: null,
    k: 257,
  })),
];

describeOnBackends<Case, TopScoresOfLevel[][]>('filterScoresAndTopK', {
  cases,
  reference: ({ images, numClasses, levelSizes, scoreThreshold, k, rankBy = 'sigmoid', valid }) =>
    images.map((logits, image) =>
      filterScoresAndTopKReference(logits, numClasses, levelSizes, scoreThreshold, k, {
        rankBy,
        valid: valid?.[image] ?? null,
      }),
    ),
  async webgpu({ images, numClasses, levelSizes, scoreThreshold, k, rankBy = 'sigmoid', valid }) {
    const anchors = levelSizes.reduce((sum, size) => sum + size, 0);
    const logits = tf.tensor3d(
      images.flatMap((image) => Array.from(image)),
      [images.length, anchors, numClasses],
    );
    const flags =
      valid === undefined
        ? null
        : tf.tensor2d(
            valid.flatMap((image) => Array.from(image)),
            [images.length, anchors],
            'int32',
          );
    const input = { logits, levelSizes, scoreThreshold, k, rankBy, valid: flags };
    const top = filterScoresAndTopK(input);
    const elements = await readIntTensor(top.elements);
    const scores = await readTensor(top.scores);
    tf.dispose([logits, top.elements, top.scores]);
    flags?.dispose();
    let slot = 0;
    return images.map(() =>
      levelSizes.map((size) => {
        const end = slot + Math.min(k, size * numClasses);
        const own = elements.subarray(slot, end);
        const count = own.indexOf(-1) === -1 ? own.length : own.indexOf(-1);
        expect(own.subarray(count).every((element) => element === -1)).toBe(true);
        expect(scores.subarray(slot + count, end).every((score) => score === 0)).toBe(true);
        const result = {
          elements: Array.from(own.subarray(0, count)),
          scores: Array.from(scores.subarray(slot, slot + count)),
        };
        slot = end;
        return result;
      }),
    );
  },
  compare(actual, expected) {
    expect(actual.map((image) => image.map(({ elements }) => elements))).toEqual(
      expected.map((image) => image.map(({ elements }) => elements)),
    );
    expectClose(
      actual.flat().flatMap(({ scores }) => scores),
      expected.flat().flatMap(({ scores }) => scores),
      { absolute: 1e-6 },
    );
  },
  expected(input) {
    const known = input.expected;
    if (known === undefined) return undefined;
    const own = this.reference(input);
    return own.map((image) =>
      image.map(({ scores }, level) => ({ scores, elements: [...(known[level] ?? [])] })),
    );
  },
});

describeOnGpu('filterScoresAndTopK', () => {
  gpuTest('refuses levels that do not add up', async () => {
    await tf.ready();
    const logits = tf.zeros([1, 5, 2]);
    const input = { logits, scoreThreshold: 0.05, k: 10 };
    expect(() => filterScoresAndTopK({ ...input, levelSizes: [3, 3] })).toThrow(/6 anchors/);
    expect(() => filterScoresAndTopK({ ...input, levelSizes: [5], k: 0 })).toThrow(/k must be/);
    expect(() => filterScoresAndTopK({ ...input, levelSizes: [5], scoreThreshold: -1 })).toThrow(
      /scoreThreshold/,
    );
    logits.dispose();
  });
});
