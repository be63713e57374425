import { rng } from '../../base/rng.ts';
import { image, retina } from './max-iou-assign.cases.ts';
import type { AssignCase } from './max-iou-assign.cases.ts';
import type { AssignImage } from './max-iou-assign.reference.ts';
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

/** Both overlap the box (0, 0, 10, 10) by less than 0.7: 60/140 and 50/150. */
const twoBelow = [
  [0, 4, 10, 14],
  [5, 0, 15, 10],
];

/** The four squares, their ground truths and one ignore box. */
function onIgnored(ignore: readonly number[], gt: readonly number[][]): AssignImage {
  return { ...image(squares, gt), gtIgnoreBoxes: Float32Array.from(ignore) };
}

/** `count` proposals of one image's own, and an ignore box. */
function proposalImage(seed: number, count: number, gts: number): AssignImage {
  const labels = Array.from({ length: gts }, (_, index) => index % 7);
  return {
    ...image(randomBoxes(seed, count), randomBoxes(seed + 100, gts), labels),
    gtIgnoreBoxes: Float32Array.from([0, 0, 9, 9]),
  };
}

const many = randomBoxes(11, 777);
/** Cases worked out by hand, and random ones, for the twin to judge. */
export const handCases: AssignCase[] = [
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
    // Anchor 0 is gt 1's best (50/150) but overlaps gt 0 more (60/140): MMDetection gives it to gt 1.
    name: 'low quality by ground truth',
    images: [image([[0, 0, 10, 10]], twoBelow)],
    options: rpn,
    numClasses: 2,
    expected: [1],
  },
  {
    name: 'low quality by prior: the same anchor keeps its own best',
    images: [image([[0, 0, 10, 10]], twoBelow)],
    options: { ...rpn, lowQualityBy: 'prior' },
    numClasses: 2,
    expected: [0],
  },
  {
    name: 'low quality by prior knows no least IoU',
    images: [image(squares, [[500, 500, 510, 510]])],
    options: { ...rpn, lowQualityBy: 'prior' },
    numClasses: 4,
    expected: [0, 0, 0, 0],
  },
  {
    // The ignore box covers 60 of the 100 of anchor 0, and 25 of the 100 of anchor 2.
    name: 'anchors on an ignore box, by their own area',
    images: [onIgnored([0, 0, 10, 6], [[0, 0, 10, 9]])],
    options: { ...rcnn, ignoreIofThr: 0.5 },
    numClasses: 4,
    expected: [-2, -1, -1, -1],
  },
  {
    // 60 of the 60 lie in anchor 0; in anchor 2 only 5 of them.
    name: 'anchors on an ignore box, by the box’s area',
    images: [onIgnored([0, 0, 10, 6], [[0, 0, 10, 9]])],
    options: { ...rcnn, ignoreIofThr: 0.99, ignoreWrtCandidates: false },
    numClasses: 4,
    expected: [-2, -1, -1, -1],
  },
  {
    name: 'without ground truths an ignore box changes nothing',
    images: [onIgnored([0, 0, 10, 6], [])],
    options: { ...rcnn, ignoreIofThr: 0.5 },
    numClasses: 4,
    expected: [-1, -1, -1, -1],
  },
  {
    name: 'an ignore box with NaN ignores nothing',
    images: [onIgnored([Number.NaN, 0, 10, 6], [[0, 0, 10, 9]])],
    options: { ...rcnn, ignoreIofThr: 0.5 },
    numClasses: 4,
    expected: [0, -1, -1, -1],
  },
  ...[{}, { ignoreWrtCandidates: false }].map((own, index) => ({
    name: `777 anchors, ignore boxes in two of three images ${index}`,
    images: [
      { ...randomImage(4, many, 9), gtIgnoreBoxes: Float32Array.from(randomBoxes(5, 3).flat()) },
      randomImage(6, many, 5),
      { ...randomImage(7, many, 0), gtIgnoreBoxes: Float32Array.from(randomBoxes(8, 5).flat()) },
    ],
    options: { ...rpn, ignoreIofThr: 0.4, ...own },
    numClasses: 7,
  })),
  ...[rcnn, { ...rpn, lowQualityBy: 'prior' as const }, { ...rcnn, ignoreIofThr: 0.3 }].map(
    (options, index) => ({
      name: `proposals of each image, options ${index}`,
      images: [proposalImage(21, 130, 4), proposalImage(22, 1, 3), proposalImage(23, 97, 0)],
      options,
      numClasses: 7,
      proposals: true,
    }),
  ),
  {
    name: 'one anchor, one ground truth',
    images: [image([[0, 0, 4, 4]], [[0, 0, 1, 1]])],
    options: retina,
    numClasses: 1,
    expected: [0],
  },
];
