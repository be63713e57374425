import { expect, test } from 'vitest';
import { rng } from '../../base/rng.ts';
import { readIntTensor, readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import { fixtureCases, image, mmdetCases, packCases, retina } from './max-iou-assign.cases.ts';
import type { AssignCase } from './max-iou-assign.cases.ts';
import { maxIouAssignReference } from './max-iou-assign.reference.ts';
import type { AssignImage, AssignedImage } from './max-iou-assign.reference.ts';
import { maxIouAssign } from './max-iou-assign.ts';
import type { MaxIouAssignOptions } from './max-iou-assign.ts';

const rpn: MaxIouAssignOptions = { posIouThr: 0.7, negIouThr: 0.3, minPosIou: 0.3 };
const rcnn: MaxIouAssignOptions = { posIouThr: 0.5, negIouThr: 0.5, matchLowQuality: false };

const squares = [
  [0, 0, 10, 10],
  [10, 10, 20, 20],
  [5, 5, 15, 15],
  [32, 32, 38, 42],
];

/** Boxes with whole and quarter coordinates, so that ties happen. */
function randomBoxes(seed: number, count: number, step = 4): number[][] {
  const random = rng(seed);
  return Array.from({ length: count }, () => {
    const x = random.int(0, 80) / step;
    const y = random.int(0, 80) / step;
    return [x, y, x + random.int(1, 80) / step, y + random.int(1, 80) / step];
  });
}

function randomImage(seed: number, anchors: readonly number[][], gts: number): AssignImage {
  const random = rng(seed);
  return image(
    anchors,
    randomBoxes(seed + 1, gts),
    Array.from({ length: gts }, () => random.int(0, 7)),
    anchors.map(() => (random.float() < 0.8 ? 1 : 0)),
  );
}

const many = randomBoxes(11, 777);
const cases: AssignCase[] = [
  {
    // IoU of squares[0] with [0,0,10,9] is 90/100; of squares[2] with [0,10,10,19]: 5·5/(100+90−25).
    // Low quality gives anchor 2 ground truth 1 because 25/165 is the best that one gets.
    name: 'four squares, by hand',
    images: [
      image(
        squares,
        [
          [0, 0, 10, 9],
          [0, 10, 10, 19],
        ],
        [2, 3],
      ),
    ],
    options: { posIouThr: 0.5, negIouThr: 0.5 },
    numClasses: 4,
    expected: [0, -1, 1, -1],
  },
  {
    name: 'no ground truth: all background',
    images: [image(squares, [])],
    options: retina,
    numClasses: 4,
    expected: [-1, -1, -1, -1],
  },
  {
    name: 'identical ground truths: the last wins',
    images: [
      image(squares, [
        [0, 0, 10, 10],
        [0, 0, 10, 10],
      ]),
    ],
    options: retina,
    numClasses: 4,
    expected: [1, -1, -1, -1],
  },
  {
    name: 'identical ground truths without low quality: the first wins',
    images: [
      image(squares, [
        [0, 0, 10, 10],
        [0, 0, 10, 10],
      ]),
    ],
    options: rcnn,
    numClasses: 4,
    expected: [0, -1, -1, -1],
  },
  {
    name: 'a ground truth that touches nothing takes all anchors of IoU 0',
    images: [
      image(squares, [
        [0, 0, 10, 10],
        [500, 500, 510, 510],
      ]),
    ],
    options: retina,
    numClasses: 4,
    expected: [1, 1, 1, 1],
  },
  {
    name: 'the same with minPosIou above 0 takes none',
    images: [
      image(squares, [
        [0, 0, 10, 10],
        [500, 500, 510, 510],
      ]),
    ],
    options: { ...retina, minPosIou: 0.01 },
    numClasses: 4,
    expected: [0, -1, -1, -1],
  },
  {
    name: 'a ground truth that touches nothing, gtMaxAssignAll false: only the first anchor',
    images: [image(squares, [[500, 500, 510, 510]])],
    options: { ...retina, gtMaxAssignAll: false },
    numClasses: 4,
    expected: [0, -1, -1, -1],
  },
  {
    name: 'an anchor that is not valid cannot be a ground truth’s best',
    images: [image(squares, [[0, 0, 10, 10]], [0], [0, 1, 1, 1])],
    options: retina,
    numClasses: 4,
    expected: [-2, -1, 0, -1],
  },
  {
    name: 'no valid anchor',
    images: [image(squares, [[0, 0, 10, 10]], [0], [0, 0, 0, 0])],
    options: retina,
    numClasses: 4,
    expected: [-2, -2, -2, -2],
  },
  {
    name: 'a NaN ground truth matches nothing',
    images: [
      image(squares, [
        [Number.NaN, 0, 10, 10],
        [0, 0, 10, 10],
      ]),
    ],
    options: retina,
    numClasses: 4,
    expected: [1, -1, -1, -1],
  },
  {
    name: 'zero-area ground truth inside an anchor takes what is left of IoU 0',
    images: [image(squares, [[2, 2, 2, 2]])],
    options: rpn,
    numClasses: 4,
    expected: [-1, -1, -1, -1],
  },
  {
    // 0.5 exactly is positive; 0.4 exactly (4/10) is not below 0.4 and so ignored.
    name: 'IoU exactly at the thresholds',
    images: [
      image(
        [
          [0, 0, 10, 10],
          [0, 0, 10, 5],
          [0, 0, 10, 4],
        ],
        [[0, 0, 10, 10]],
      ),
    ],
    options: retina,
    numClasses: 1,
    expected: [0, 0, -2],
  },
  {
    name: 'background only in a range',
    images: [
      image(
        [
          [0, 0, 10, 10],
          [0, 0, 10, 3],
          [0, 0, 10, 1],
        ],
        [[0, 0, 10, 10]],
      ),
    ],
    options: { ...rcnn, negIouThr: [0.1, 0.3] },
    numClasses: 1,
    expected: [0, -2, -1],
  },
  ...[retina, rpn, rcnn, { ...retina, gtMaxAssignAll: false }].map((options, index) => ({
    name: `777 anchors, three images, options ${index}`,
    images: [randomImage(1, many, 9), randomImage(2, many, 0), randomImage(3, many, 33)],
    options,
    numClasses: 7,
  })),
  {
    name: 'one anchor, one ground truth',
    images: [image([[0, 0, 4, 4]], [[0, 0, 1, 1]])],
    options: retina,
    numClasses: 1,
    expected: [0],
  },
];

async function runOnGpu({ images, options, numClasses }: AssignCase): Promise<AssignedImage[]> {
  const [first] = images;
  const n = (first?.anchors.length ?? 0) / 4;
  const batch = images.length;
  // One row more than needed, filled with a box that would match, to see that counts are obeyed.
  const rows = Math.max(...images.map(({ gtLabels }) => gtLabels.length)) + 1;
  const gtBoxes = new Float32Array(batch * rows * 4);
  const gtLabels = new Int32Array(batch * rows).fill(99);
  for (const [index, item] of images.entries()) {
    for (let row = 0; row < rows; row++) {
      gtBoxes.set(item.anchors.subarray(0, 4), (index * rows + row) * 4);
    }
    gtBoxes.set(item.gtBoxes, index * rows * 4);
    gtLabels.set(item.gtLabels, index * rows);
  }
  const valid = images.flatMap((item) => [...item.valid]);
  const inputs = {
    anchors: tf.tensor2d(first?.anchors ?? [], [n, 4]),
    valid: tf.tensor2d(valid, [batch, n], 'int32'),
    gtBoxes: tf.tensor3d(gtBoxes, [batch, rows, 4]),
    gtLabels: tf.tensor2d(gtLabels, [batch, rows], 'int32'),
    gtCounts: tf.tensor1d(
      images.map((item) => item.gtLabels.length),
      'int32',
    ),
  };
  const result = maxIouAssign({ ...inputs, options, numClasses });
  const [assigned, labels, numPos] = await Promise.all([
    readIntTensor(result.assigned),
    readIntTensor(result.labels),
    readIntTensor(result.numPos),
  ]);
  const maxIou = await readTensor(result.maxIou);
  tf.dispose([...Object.values(inputs), ...Object.values(result)]);
  return images.map((_, index) => ({
    assigned: [...assigned.subarray(index * n, (index + 1) * n)],
    maxIou: [...maxIou.subarray(index * n, (index + 1) * n)],
    labels: [...labels.subarray(index * n, (index + 1) * n)],
    numPos: numPos[index] ?? -1,
  }));
}

const mmdet = await mmdetCases();
const pack = await packCases();
const fixture = await fixtureCases();
const oracles = {
  max_iou_assigner: mmdet,
  'ops/assign': pack,
  mm_retinanet_r18w16: fixture,
};
for (const [name, found] of Object.entries(oracles)) {
  test.skipIf(found === undefined)(`oracle ${name} is there (skipped where it is absent)`, () => {
    expect(found?.length).toBeGreaterThan(0);
  });
}

describeOnBackends<AssignCase, AssignedImage[]>('maxIouAssign', {
  cases: [...cases, ...(mmdet ?? []), ...(pack ?? []), ...(fixture ?? [])],
  reference: ({ images, options, numClasses }) =>
    images.map((item) => maxIouAssignReference(item, options, numClasses)),
  webgpu: runOnGpu,
  compare(actual, expected) {
    expect(actual.length).toBe(expected.length);
    for (const [index, want] of expected.entries()) {
      const got = actual[index];
      expect(got?.assigned).toEqual(want.assigned);
      expect(got?.labels).toEqual(want.labels);
      expect(got?.numPos).toBe(want.numPos);
      expectClose(got?.maxIou ?? [], want.maxIou, { absolute: 1e-6 });
    }
  },
  expected(input) {
    const assigned = input.expected;
    if (assigned === undefined) return undefined;
    const [own, ...rest] = this.reference(input);
    return own === undefined ? undefined : [{ ...own, assigned: [...assigned] }, ...rest];
  },
});

describeOnGpu('maxIouAssign', () => {
  gpuTest('refuses wrong shapes and thresholds', async () => {
    await tf.ready();
    const good = {
      anchors: tf.zeros([3, 4]),
      valid: tf.zeros([1, 3], 'int32'),
      gtBoxes: tf.zeros([1, 2, 4]),
      gtLabels: tf.zeros([1, 2], 'int32'),
      gtCounts: tf.zeros([1], 'int32'),
    };
    const run = (change: object) => () =>
      maxIouAssign({ ...good, options: retina, numClasses: 1, ...change });
    expect(run({ valid: good.gtLabels })).toThrow(
      /valid must be int32 \[1, 3\], got int32 \[1, 2\]/,
    );
    expect(run({ valid: good.anchors })).toThrow(/valid must be int32/);
    expect(run({ options: { ...retina, minPosIou: -1 } })).toThrow(/minPosIou must be at least 0/);
    tf.dispose(good);
  });
});
