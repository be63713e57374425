import { expect, test } from 'vitest';
import { z } from 'zod';
import { readIntTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { describeOnBackends, describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import { readCasepack, readOracleJson } from '../oracle/casepack.ts';
import { clusteredBoxes } from './clustered-boxes.ts';
import { nmsReference } from './nms.reference.ts';
import { batchedNms, nms, nmsOfImages } from './nms.ts';

interface Case {
  readonly name: string;
  /** [N, 4] */
  readonly boxes: Float32Array;
  readonly scores: Float32Array;
  readonly classes: Int32Array | null;
  readonly iouThreshold: number;
  readonly maxOut?: number;
  readonly expected?: readonly number[];
}

function hand(
  name: string,
  boxes: readonly (readonly number[])[],
  scores: readonly number[],
  iouThreshold: number,
  expected: readonly number[],
  classes: readonly number[] | null = null,
): Case {
  return {
    name,
    boxes: Float32Array.from(boxes.flat()),
    scores: Float32Array.from(scores),
    classes: classes === null ? null : Int32Array.from(classes),
    iouThreshold,
    expected,
  };
}

function randomCase(seed: number, count: number, classes: number, iouThreshold = 0.5): Case {
  const name = `${count} boxes of ${classes} classes at ${iouThreshold}`;
  return { name, ...clusteredBoxes(seed, count, classes), iouThreshold };
}

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;
const square = [0, 0, 10, 10];
const cases: Case[] = [
  // IoU of the first two is 90/110, of the third with either 0.
  hand('by hand', [square, [0, 1, 10, 11], [20, 20, 30, 30]], [0.5, 0.9, 0.7], 0.5, [1, 2]),
  hand(
    'a suppressed box suppresses nothing',
    [
      [0, 0, 10, 10],
      [0, 4, 10, 14],
      [0, 8, 10, 18],
    ],
    [0.9, 0.8, 0.7],
    0.3,
    [0, 2],
  ),
  hand('IoU exactly at the threshold stays', [square, [0, 0, 10, 5]], [0.9, 0.8], 0.5, [0, 1]),
  hand('just above goes', [square, [0, 0, 10, 5.001]], [0.9, 0.8], 0.5, [0]),
  hand('ties go to the lower index', [square, square, square], [0.5, 0.5, 0.5], 0.5, [0]),
  hand('−0 and 0 are a tie', [square, square], [-0, 0], 0.5, [0]),
  hand(
    'negative and infinite scores',
    [square, [50, 0, 60, 10], [90, 0, 99, 9]],
    [-1, INF, -INF],
    0.5,
    [1, 0, 2],
  ),
  hand(
    'boxes of no area stay',
    [
      [1, 1, 1, 1],
      [1, 1, 1, 1],
      [2, 2, 2, 5],
    ],
    [0.3, 0.2, 0.1],
    0,
    [0, 1, 2],
  ),
  hand(
    'NaN scores and coordinates are never kept',
    [square, square, [0, 0, NAN, 10], square],
    [NAN, 0.1, 0.9, 0.2],
    0.5,
    [3],
  ),
  hand('nothing but NaN', [square], [NAN], 0.5, []),
  hand('threshold 1 keeps all', [square, square], [0.1, 0.2], 1, [1, 0]),
  hand(
    'threshold 0 keeps what only touches',
    [square, [10, 0, 20, 10], [19, 9, 29, 19]],
    [0.9, 0.8, 0.7],
    0,
    [0, 1],
  ),
  hand(
    'classes apart, negative class not there',
    [square, square, square, square],
    [0.1, 0.2, 0.3, 0.9],
    0.5,
    [2, 1],
    [0, 0, 3, -1],
  ),
  { ...randomCase(1, 100, 1), name: 'only the first 7', maxOut: 7 },
  { ...randomCase(1, 5, 1), name: 'more room than boxes', maxOut: 50 },
  ...[1, 31, 32, 33, 64, 65, 127, 129, 1000].map((count) => randomCase(count, count, 1)),
  randomCase(77, 2049, 5, 0.3),
  randomCase(78, 513, 80, 0.7),
];

const pack = await readCasepack('ops/nms');
for (const item of pack ?? []) {
  cases.push({
    name: `torchvision ${item.op} ${item.name}`,
    boxes: Float32Array.from(item.array('boxes').data),
    scores: Float32Array.from(item.array('scores').data),
    classes: item.has('idxs') ? Int32Array.from(item.array('idxs').data) : null,
    iouThreshold: item.number('thr'),
    expected: Array.from(item.array('keep').data),
  });
}
const numbers = z.array(z.number());
const mmdetFile = z.object({
  from_tests: z.object({
    boxes: z.array(numbers),
    scores: numbers,
    iou_threshold: z.number(),
    keep: numbers,
  }),
  batched: z.array(
    z.object({
      cfg: z.object({ iou_threshold: z.number(), class_agnostic: z.boolean().optional() }),
      keep: numbers,
    }),
  ),
  batched_input: z.object({ boxes: z.array(numbers), scores: numbers, idxs: numbers }),
});
const mmcvFile = z.object({
  boxes: z.array(numbers),
  scores: numbers,
  idxs: numbers,
  keep: numbers,
});
const mmdet = await readOracleJson('mmdet/nms.json');
const mmcv = await readOracleJson('mmdet/mmcv_batched_nms_data.json');
if (mmdet !== undefined && mmcv !== undefined) {
  const { from_tests, batched, batched_input } = mmdetFile.parse(mmdet);
  const { boxes, scores, iou_threshold, keep } = from_tests;
  cases.push(hand('mmcv’s own test', boxes, scores, iou_threshold, keep));
  for (const { cfg, keep: kept } of batched) {
    const classes = cfg.class_agnostic === true ? null : batched_input.idxs;
    const name = `mmcv batched_nms ${JSON.stringify(cfg)}`;
    cases.push(
      hand(name, batched_input.boxes, batched_input.scores, cfg.iou_threshold, kept, classes),
    );
  }
  const data = mmcvFile.parse(mmcv);
  cases.push(hand('mmcv’s 949 boxes', data.boxes, data.scores, 0.7, data.keep, data.idxs));
}
test.skipIf(pack === undefined || mmdet === undefined)(
  'oracles are there (skipped where absent)',
  () => {
    expect(pack?.length).toBe(22);
  },
);

describeOnBackends<Case, readonly number[]>('nms', {
  cases,
  reference: ({ boxes, scores, classes, iouThreshold, maxOut }) =>
    nmsReference(boxes, scores, classes, iouThreshold).slice(0, maxOut),
  async webgpu({ boxes, scores, classes, iouThreshold, maxOut }) {
    const inputs = [tf.tensor2d(boxes, [scores.length, 4]), tf.tensor1d(scores)] as const;
    const ids = classes === null ? null : tf.tensor1d(classes, 'int32');
    const result =
      ids === null
        ? nms(...inputs, iouThreshold, maxOut)
        : batchedNms(...inputs, ids, iouThreshold, maxOut);
    const keep = await readIntTensor(result.keep);
    const [count = -1] = await readIntTensor(result.count);
    tf.dispose([...inputs, ...(ids === null ? [] : [ids]), result.keep, result.count]);
    expect(
      keep.subarray(count).every((index) => index === -1),
      'padding',
    ).toBe(true);
    return Array.from(keep.subarray(0, count));
  },
  compare: (actual, expected) => expect(actual).toEqual(expected),
  expected: (input) => input.expected,
});

describeOnGpu('nmsOfImages', () => {
  gpuTest('three images at once give what each gives alone', async () => {
    const images = [11, 12, 13].map((seed) => randomCase(seed, 150, 3));
    const inputs = {
      boxes: tf.tensor3d(
        images.flatMap(({ boxes }) => Array.from(boxes)),
        [3, 150, 4],
      ),
      scores: tf.tensor2d(
        images.flatMap(({ scores }) => Array.from(scores)),
        [3, 150],
      ),
      classes: tf.tensor2d(
        images.flatMap(({ classes }) => Array.from(classes ?? [])),
        [3, 150],
        'int32',
      ),
    };
    const result = nmsOfImages({ ...inputs, iouThreshold: 0.5, maxOut: 40 });
    const keep = await readIntTensor(result.keep);
    const counts = await readIntTensor(result.counts);
    for (const [image, { boxes, scores, classes }] of images.entries()) {
      const want = nmsReference(boxes, scores, classes, 0.5).slice(0, 40);
      expect(counts[image]).toBe(want.length);
      expect(Array.from(keep.subarray(image * 40, image * 40 + want.length))).toEqual(want);
    }
    tf.dispose([...Object.values(inputs), result.keep, result.counts]);
  });

  gpuTest('refuses a threshold above 1 and room for nothing', async () => {
    await tf.ready();
    const boxes = tf.zeros([2, 4]);
    const scores = tf.zeros([2]);
    expect(() => nms(boxes, scores, 1.5)).toThrow(/iouThreshold/);
    expect(() => nms(boxes, scores, 0.5, 0)).toThrow(/maxOut/);
    expect(() => nms(boxes, boxes, 0.5)).toThrow(/scores must be float32 \[2\]/);
    tf.dispose([boxes, scores]);
  });
});
