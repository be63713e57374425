import { expect, test } from 'vitest';
import { z } from 'zod';
import { readIntTensor, readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import { clusteredBoxes } from '../nms/clustered-boxes.ts';
import type { BoxSet } from '../nms/clustered-boxes.ts';
import { readOracleJson } from '../oracle/casepack.ts';
import { softNmsReference } from './soft-nms.reference.ts';
import type { SoftKept } from './soft-nms.reference.ts';
import { softNmsOfImages } from './soft-nms.ts';
import type { SoftNmsOptions } from './soft-nms.ts';

interface Case {
  readonly name: string;
  /** All of one size. */
  readonly images: readonly BoxSet[];
  readonly options?: SoftNmsOptions;
  readonly classAgnostic?: boolean;
  readonly maxOut?: number;
  readonly expected?: readonly SoftKept[];
}

function set(
  boxes: readonly (readonly number[])[],
  scores: readonly number[],
  classes: readonly number[] | null = null,
): BoxSet {
  return {
    boxes: Float32Array.from(boxes.flat()),
    scores: Float32Array.from(scores),
    classes: classes === null ? null : Int32Array.from(classes),
  };
}

const square = [0, 0, 10, 10];
const half = [0, 0, 10, 5];
const { NaN: NAN } = Number;
const cases: Case[] = [
  {
    name: 'by hand, linear: IoU ½ halves the score',
    images: [set([half, square, [50, 0, 60, 10]], [0.8, 0.9, 0.5])],
    expected: [{ keep: [1, 2, 0], scores: [0.9, 0.5, 0.4] }],
  },
  {
    name: 'by hand, gaussian',
    images: [set([half, square], [0.8, 0.9])],
    options: { method: 'gaussian' },
    expected: [{ keep: [1, 0], scores: [0.9, 0.8 * Math.exp(-0.5)] }],
  },
  {
    name: 'by hand, naive: IoU at the threshold goes, which plain NMS keeps',
    images: [set([half, square], [0.8, 0.9])],
    options: { method: 'naive', iouThreshold: 0.5 },
    expected: [{ keep: [1], scores: [0.9] }],
  },
  {
    name: 'linear below the threshold changes nothing',
    images: [set([half, square], [0.8, 0.9])],
    options: { iouThreshold: 0.51 },
    expected: [{ keep: [1, 0], scores: [0.9, 0.8] }],
  },
  {
    name: 'below minScore a box goes, the first is taken all the same',
    images: [set([square, [50, 0, 60, 10]], [0.05, 0.04])],
    options: { minScore: 0.1 },
    expected: [{ keep: [0], scores: [0.05] }],
  },
  {
    name: 'ties go to the lower index',
    images: [set([square, [20, 0, 30, 10], [40, 0, 50, 10]], [0.5, 0.5, 0.5])],
    expected: [{ keep: [0, 1, 2], scores: [0.5, 0.5, 0.5] }],
  },
  {
    name: 'NaN and absent boxes take no part, boxes of no area stay',
    images: [
      set(
        [square, [0, 0, NAN, 10], square, [1, 1, 1, 1], [1, 1, 1, 1]],
        [NAN, 0.9, 0.8, 0.3, 0.2],
        [0, 0, -1, 0, 0],
      ),
    ],
    options: { method: 'gaussian' },
    expected: [{ keep: [3, 4], scores: [0.3, 0.2] }],
  },
  {
    name: 'nothing at all',
    images: [set([square], [NAN])],
    expected: [{ keep: [], scores: [] }],
  },
  {
    name: 'classes apart',
    images: [set([square, square, square], [0.9, 0.8, 0.7], [0, 1, 0])],
    options: { iouThreshold: 0.3 },
    expected: [{ keep: [0, 1], scores: [0.9, 0.8] }],
  },
  {
    name: 'classes together, only the first',
    images: [set([half, square, [0, 0, 10, 8]], [0.9, 0.85, 0.5], [0, 1, 0])],
    classAgnostic: true,
    maxOut: 2,
    expected: [{ keep: [0, 1], scores: [0.9, 0.85 / 2] }],
  },
  ...(['linear', 'gaussian', 'naive'] as const).flatMap((method) => [
    {
      name: `two images of 300 boxes of 4 classes, ${method}`,
      images: [1, 2].map((seed) => clusteredBoxes(seed, 300, 4)),
      options: { method },
      maxOut: 90,
    },
    { name: `700 boxes, ${method}`, images: [clusteredBoxes(3, 700, 1)], options: { method } },
  ]),
  ...[1, 255, 256, 257].map((count) => ({
    name: `${count} boxes`,
    images: [clusteredBoxes(count, count, 2)],
    maxOut: 20,
  })),
];

const numbers = z.array(z.number());
const method = z.object({ dets: z.array(numbers), inds: numbers });
const file = z.object({
  from_tests: z.object({
    boxes: z.array(numbers),
    scores: numbers,
    soft_nms: z.object({
      iou_threshold: z.number(),
      sigma: z.number(),
      min_score: z.number(),
      linear: method,
      gaussian: method,
      naive: method,
    }),
  }),
});
const json = await readOracleJson('mmdet/nms.json');
if (json !== undefined) {
  const { boxes, scores, soft_nms } = file.parse(json).from_tests;
  const { iou_threshold: iouThreshold, sigma, min_score: minScore } = soft_nms;
  for (const kind of ['linear', 'gaussian', 'naive'] as const) {
    const { dets, inds } = soft_nms[kind];
    cases.push({
      name: `mmcv’s own test, ${kind}`,
      images: [set(boxes, scores)],
      options: { method: kind, iouThreshold, sigma, minScore },
      expected: [{ keep: inds, scores: dets.map((row) => row[4] ?? 0) }],
    });
  }
}
test.skipIf(json === undefined)('mmdet/nms.json is there (skipped where absent)', () => {
  expect(cases.at(-1)?.expected?.[0]?.keep).toEqual([1, 0, 3]);
});

const room = ({ maxOut, images }: Case) => maxOut ?? images[0]?.scores.length ?? 1;

describeOnBackends<Case, readonly SoftKept[]>('softNmsOfImages', {
  cases,
  reference: (input) =>
    input.images.map(({ boxes, scores, classes }) =>
      softNmsReference(
        boxes,
        scores,
        // Class-agnostic, absent boxes aside: those cases have none.
        input.classAgnostic === true ? null : classes,
        room(input),
        input.options,
      ),
    ),
  async webgpu(input) {
    const { images, options = {}, classAgnostic = false } = input;
    const batch = images.length;
    const count = images[0]?.scores.length ?? 0;
    const ids = images.flatMap(({ classes }) => Array.from(classes ?? []));
    const tensors = {
      boxes: tf.tensor3d(
        images.flatMap(({ boxes }) => Array.from(boxes)),
        [batch, count, 4],
      ),
      scores: tf.tensor2d(
        images.flatMap(({ scores }) => Array.from(scores)),
        [batch, count],
      ),
      classes: ids.length === 0 ? null : tf.tensor2d(ids, [batch, count], 'int32'),
    };
    const maxOut = room(input);
    const result = softNmsOfImages({ ...tensors, classAgnostic, maxOut, options });
    const keep = await readIntTensor(result.keep);
    const scores = await readTensor(result.scores);
    const counts = await readIntTensor(result.counts);
    tf.dispose([tensors.boxes, tensors.scores, result.keep, result.scores, result.counts]);
    tensors.classes?.dispose();
    return images.map((_, image) => {
      const begin = image * maxOut;
      const end = begin + (counts[image] ?? 0);
      expect(keep.subarray(end, begin + maxOut).every((index) => index === -1)).toBe(true);
      expect(scores.subarray(end, begin + maxOut).every((score) => score === 0)).toBe(true);
      return {
        keep: Array.from(keep.subarray(begin, end)),
        scores: Array.from(scores.subarray(begin, end)),
      };
    });
  },
  compare(actual, expected) {
    for (const [image, { keep, scores }] of expected.entries()) {
      expect(actual[image]?.keep).toEqual(keep);
      expectClose(actual[image]?.scores ?? [], scores, { absolute: 1e-6 });
    }
  },
  expected: (input) => input.expected,
});

describeOnGpu('softNmsOfImages', () => {
  gpuTest('refuses options out of range', async () => {
    await tf.ready();
    const boxes = tf.zeros([1, 2, 4]);
    const scores = tf.zeros([1, 2]);
    const input = { boxes, scores, classes: null, maxOut: 2 };
    expect(() => softNmsOfImages({ ...input, options: { sigma: 0 } })).toThrow(/sigma/);
    expect(() => softNmsOfImages({ ...input, options: { iouThreshold: 2 } })).toThrow(/iouThre/);
    expect(() => softNmsOfImages({ ...input, options: { minScore: -1 } })).toThrow(/minScore/);
    expect(() => softNmsOfImages({ ...input, maxOut: 0 })).toThrow(/maxOut/);
    tf.dispose([boxes, scores]);
  });
});
