import { expect, test } from 'vitest';
import { rng } from '../../base/rng.ts';
import { readIntTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { describeOnBackends, describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import { maxIouAssignReference } from '../matcher/max-iou-assign.reference.ts';
import type { MaxIouAssignOptions } from '../matcher/max-iou-assign.ts';
import { mmdetTwoStage, torchvisionTwoStage } from '../oracle/two-stage.ts';
import type { TwoStageFixture } from '../oracle/two-stage.ts';
import type { RandomKey } from './draw-subset.reference.ts';
import type { SubsetOptions } from './draw-subset.ts';
import { sampleAnchorsReference } from './sample-anchors.reference.ts';
import type { SampledImage } from './sample-anchors.reference.ts';
import { sampleAnchors } from './sample-anchors.ts';

interface Case {
  readonly name: string;
  /** `assigned` of each image; all of one length. */
  readonly images: readonly (readonly number[])[];
  readonly options: SubsetOptions;
  readonly key?: RandomKey;
  /** K, where there is more than one class; ground truth g of image i is of class (g + i) mod K. */
  readonly numClasses?: number;
  readonly expected?: readonly SampledImage[];
}

const rpn: SubsetOptions = { num: 256, posFraction: 0.5 };
const first: SubsetOptions = { num: 4, posFraction: 0.5, mode: 'first' };

/** Matches at random: `positives` and `none` are the chances of each. */
function randomImage(seed: number, count: number, positives: number, none: number): number[] {
  const random = rng(seed);
  return Array.from({ length: count }, () => {
    const at = random.float();
    return at < positives ? random.int(0, 5) : at < positives + none ? -2 : -1;
  });
}

const cases: Case[] = [
  {
    // Two of three positives, then two of four negatives.
    name: 'the first ones, by hand',
    images: [[-2, -1, 5, -1, 3, 4, -1, -1]],
    options: first,
    expected: [
      {
        assigned: [-2, -1, 5, -1, 3, -2, -2, -2],
        labels: [-1, 1, 0, 1, 0, -1, -1, -1],
        numPos: 2,
        numNeg: 2,
      },
    ],
  },
  {
    name: 'negatives fill up where positives are few; all are taken where all are wanted',
    images: [
      [-1, -1, 0, -1, -1, -1],
      [-2, -1, 0, 1, 2, -2],
    ],
    options: first,
    expected: [
      { assigned: [-1, -1, 0, -1, -2, -2], labels: [1, 1, 0, 1, -1, -1], numPos: 1, numNeg: 3 },
      { assigned: [-2, -1, 0, 1, -2, -2], labels: [-1, 1, 0, 0, -1, -1], numPos: 2, numNeg: 1 },
    ],
  },
  {
    name: 'at most twice as many negatives as positives, of which none counts as one',
    images: [
      [0, -1, -1, -1, -1, -1, -1],
      [-1, -1, -1, -1, -1, -2, -2],
    ],
    options: { num: 6, posFraction: 0.5, negPosUb: 2, mode: 'first' },
    expected: [
      {
        assigned: [0, -1, -1, -2, -2, -2, -2],
        labels: [0, 1, 1, -1, -1, -1, -1],
        numPos: 1,
        numNeg: 2,
      },
      {
        assigned: [-1, -1, -2, -2, -2, -2, -2],
        labels: [1, 1, -1, -1, -1, -1, -1],
        numPos: 0,
        numNeg: 2,
      },
    ],
  },
  {
    name: 'no candidate at all, and one',
    images: [[-2], [-1], [0]],
    options: rpn,
    expected: [
      { assigned: [-2], labels: [-1], numPos: 0, numNeg: 0 },
      { assigned: [-1], labels: [1], numPos: 0, numNeg: 1 },
      { assigned: [0], labels: [0], numPos: 1, numNeg: 0 },
    ],
  },
  ...(['random', 'first'] as const).flatMap((mode): Case[] => [
    {
      name: `${mode}: 5,001 anchors, many and few positives`,
      images: [
        randomImage(1, 5001, 0.1, 0.1),
        randomImage(2, 5001, 0.002, 0.3),
        randomImage(3, 5001, 0, 0.99),
        randomImage(4, 5001, 1, 0),
      ],
      options: { ...rpn, mode },
    },
    {
      name: `${mode}: 30,000 anchors, a bound on negatives, three classes`,
      images: [randomImage(5, 30_000, 0.0005, 0.01), randomImage(6, 30_000, 0.1, 0)],
      options: { num: 600, posFraction: 0.25, negPosUb: 3, mode },
      numClasses: 3,
    },
    {
      name: `${mode}: 257 anchors, no positive wanted`,
      images: [randomImage(7, 257, 0.3, 0.1)],
      options: { num: 100, posFraction: 0, mode },
    },
    {
      name: `${mode}: more wanted than there are`,
      images: [randomImage(8, 700, 0.3, 0.1)],
      options: { num: 1e6, posFraction: 0.25, mode },
    },
  ]),
  ...[0, 16_777_215].map((seed) => ({
    name: `random: extreme key ${seed}`,
    images: [randomImage(9, 3000, 0.2, 0.1)],
    options: rpn,
    key: [seed, 16_777_215 - seed] as const,
  })),
];

/** The RPN of a fixture: its own assignment, and the anchors that it sampled. */
function fixtureCases(
  name: string,
  { anchors, images }: TwoStageFixture,
  assigner: MaxIouAssignOptions,
): Case {
  const valid = new Int32Array(anchors.length / 4).fill(1);
  const assigned = images.map(
    ({ gtBoxes, gtLabels }) =>
      maxIouAssignReference({ anchors, valid, gtBoxes, gtLabels }, assigner, 1).assigned,
  );
  return {
    name,
    images: assigned,
    options: { num: 64, posFraction: 0.5, mode: 'first' },
    expected: images.map(({ rpnPos, rpnNeg }, image) => {
      const positive = new Set(rpnPos);
      const negative = new Set(rpnNeg);
      const pick = (index: number, ifPositive: number, ifNegative: number, otherwise: number) =>
        positive.has(index) ? ifPositive : negative.has(index) ? ifNegative : otherwise;
      const own = assigned[image] ?? [];
      return {
        // A sampled positive that was not assigned shows as −9.
        assigned: own.map((gt, index) => pick(index, gt >= 0 ? gt : -9, -1, -2)),
        labels: own.map((_, index) => pick(index, 0, 1, -1)),
        numPos: rpnPos.length,
        numNeg: rpnNeg.length,
      };
    }),
  };
}

const mmdet = await mmdetTwoStage();
const torchvision = await torchvisionTwoStage();
const thresholds = { posIouThr: 0.7, negIouThr: 0.3 };
if (mmdet !== undefined) {
  cases.push(fixtureCases('mm_fasterrcnn_r26w8', mmdet, { ...thresholds, minPosIou: 0.3 }));
}
if (torchvision !== undefined) {
  const matcher = { ...thresholds, lowQualityBy: 'prior' as const };
  cases.push(fixtureCases('tv_fasterrcnn_r18w16', torchvision, matcher));
}
for (const [name, found] of Object.entries({ mmdet, torchvision })) {
  test.skipIf(found === undefined)(
    `fixture of ${name} is there (skipped where it is absent)`,
    () => {
      expect(found?.images.length).toBe(2);
    },
  );
}

function labelsOf(image: number, numClasses: number): number[] {
  return Array.from({ length: 6 }, (_, gt) => (gt + image) % numClasses);
}

describeOnBackends<Case, SampledImage[]>('sampleAnchors', {
  cases,
  reference: ({ images, options, key = [5, 8], numClasses }) =>
    images.map((assigned, image) =>
      sampleAnchorsReference(
        assigned,
        options,
        key,
        image,
        numClasses === undefined ? null : { gtLabels: labelsOf(image, numClasses), numClasses },
      ),
    ),
  async webgpu({ images, options, key = [5, 8], numClasses }) {
    const inputs = {
      assigned: tf.tensor2d(
        images.map((row) => [...row]),
        undefined,
        'int32',
      ),
      randomKey: tf.tensor1d([...key], 'int32'),
      gtLabels: tf.tensor2d(
        images.map((_, image) => labelsOf(image, numClasses ?? 9)),
        undefined,
        'int32',
      ),
    };
    const classes = numClasses === undefined ? {} : { numClasses };
    const result = sampleAnchors({ ...inputs, ...options, ...classes });
    const [assigned, labels, numPos, numNeg] = await Promise.all([
      readIntTensor(result.assigned),
      readIntTensor(result.labels),
      readIntTensor(result.numPos),
      readIntTensor(result.numNeg),
    ]);
    tf.dispose([...Object.values(inputs), ...Object.values(result)]);
    return images.map(({ length }, image) => ({
      assigned: [...assigned.subarray(image * length, (image + 1) * length)],
      labels: [...labels.subarray(image * length, (image + 1) * length)],
      numPos: numPos[image] ?? -1,
      numNeg: numNeg[image] ?? -1,
    }));
  },
  compare: (actual, expected) => expect(actual).toEqual(expected),
  expected: ({ expected }) => (expected === undefined ? undefined : [...expected]),
});

describeOnGpu('sampleAnchors', () => {
  gpuTest('refuses what does not fit', async () => {
    await tf.ready();
    const assigned = tf.zeros([1, 3], 'int32');
    const randomKey = tf.zeros([2], 'int32');
    const run = (change: object) => () => sampleAnchors({ assigned, randomKey, ...rpn, ...change });
    expect(run({ randomKey: null })).toThrow(/randomKey is needed/);
    expect(run({ randomKey: assigned })).toThrow(/randomKey must be int32 \[2\]/);
    expect(run({ num: 0.5 })).toThrow(/num must be a whole number above 0/);
    expect(run({ posFraction: 2 })).toThrow(/posFraction must be 0 to 1/);
    expect(run({ numClasses: 3 })).toThrow(/gtLabels is needed/);
    tf.dispose([assigned, randomKey]);
  });
});
