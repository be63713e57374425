import type { HeadOutputs } from '../dense-candidates/dense-candidates.reference.ts';
import { randomHead } from '../dense-candidates/random-head.ts';
import type { DetectedBoxes } from '../keep-best/keep-best.reference.ts';
import { readCasepack } from '../oracle/casepack.ts';
import { headRows } from '../oracle/nchw.ts';
import type { RetinaPredictOptions } from './retina-predict.ts';

/** A test case of `retinaPredict`. */
export interface RetinaCase {
  readonly name: string;
  /** All of one input size. */
  readonly images: readonly HeadOutputs[];
  readonly options?: RetinaPredictOptions;
  readonly expected?: readonly DetectedBoxes[];
}

const single: HeadOutputs = {
  // Two anchors at one place, one elsewhere that is clipped to nothing, one of two classes.
  anchors: Float32Array.from([0, 0, 10, 10, 0, 0, 10, 10, 50, 0, 60, 10, 20, 20, 30, 30]),
  levelSizes: [2, 2],
  numClasses: 2,
  logits: Float32Array.from([0, -9, 1, -9, 5, 5, -1, 2]),
  deltas: new Float32Array(16),
  imgShape: [40, 40],
  scaleFactor: null,
};
/** Sizes far below what MMDetection's clamp allows. */
function shrunk(seed: number): HeadOutputs {
  const head = randomHead(seed, 3);
  return { ...head, deltas: head.deltas.map((delta, at) => (at % 8 === 2 ? -7 : delta)) };
}

/** Points in place of anchors. */
function pointHead(seed: number, numClasses: number): HeadOutputs {
  const head = randomHead(seed, numClasses);
  const { anchors, deltas } = head;
  return {
    ...head,
    anchors: anchors.filter((_, at) => at % 4 < 2).map((value) => value + 16),
    deltas: deltas.map((delta) => Math.abs(delta) * 40),
    scoreFactors: deltas.filter((_, at) => at % 4 === 0).map((value) => value * 4),
    scaleFactor: [0.5, 0.75],
  };
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
export const cases: RetinaCase[] = [
  {
    name: 'by hand: suppression, clipping to no width, two classes at one place',
    images: [single],
    expected: [
      {
        boxes: [20, 20, 30, 30, 0, 0, 10, 10, 20, 20, 30, 30],
        scores: [sigmoid(2), sigmoid(1), sigmoid(-1)],
        labels: [1, 0, 0],
      },
    ],
  },
  {
    name: 'class-agnostic NMS',
    images: [single],
    options: { classAgnostic: true },
    expected: [
      { boxes: [20, 20, 30, 30, 0, 0, 10, 10], scores: [sigmoid(2), sigmoid(1)], labels: [1, 0] },
    ],
  },
  {
    name: 'rescaled by width and height, then the size filter',
    images: [{ ...single, scaleFactor: [2, 4] }],
    options: { minBboxSize: 2.5 },
    expected: [{ boxes: [], scores: [], labels: [] }],
  },
  {
    name: 'one pair per level',
    images: [single],
    options: { nmsPre: 1, minBboxSize: -1 },
    expected: [
      {
        boxes: [40, 0, 40, 10, 0, 0, 10, 10],
        scores: [sigmoid(5), sigmoid(1)],
        labels: [0, 0],
      },
    ],
  },
  { name: 'three images, five classes', images: [1, 2, 3].map((seed) => randomHead(seed, 5)) },
  {
    name: 'rescaled, other options',
    images: [4, 5].map((seed) => ({ ...randomHead(seed, 3), scaleFactor: [1.5, 0.75] as const })),
    options: {
      scoreThr: 0.3,
      nmsPre: 40,
      minBboxSize: 12,
      nmsIouThreshold: 0.3,
      maxPerImg: 9,
      coder: { stds: [0.5, 0.5, 0.5, 0.5], clipBorder: false },
    },
  },
  {
    name: 'torchvision: no size filter, labels from 0',
    images: [single],
    options: { rule: 'torchvision', nmsPre: 1 },
    expected: [
      {
        boxes: [40, 0, 40, 10, 0, 0, 10, 10],
        scores: [sigmoid(5), sigmoid(1)],
        labels: [0, 0],
      },
    ],
  },
  {
    name: 'torchvision: rescaled after NMS, sizes shrink without a bound',
    images: [7, 8].map((seed) => ({ ...shrunk(seed), scaleFactor: [1.5, 0.75] as const })),
    options: { rule: 'torchvision', scoreThr: 0.2, nmsPre: 60 },
  },
  {
    // Both anchors pass by class score; centerness turns their order round, and the second takes the first's place.
    name: 'by hand: distances from points, scores times centerness',
    images: [
      {
        anchors: Float32Array.from([10, 10, 12, 10, 30, 30]),
        levelSizes: [2, 1],
        numClasses: 1,
        logits: Float32Array.from([2, 1, 3]),
        deltas: Float32Array.from([5, 5, 5, 5, 7, 5, 3, 5, 5, 5, 20, 20]),
        scoreFactors: Float32Array.from([-1, 1, 0]),
        imgShape: [40, 45],
        scaleFactor: null,
      },
    ],
    options: { coder: { type: 'distance' } },
    expected: [
      {
        boxes: [5, 5, 15, 15, 25, 25, 45, 40],
        scores: [sigmoid(1) * sigmoid(1), sigmoid(3) * sigmoid(0)],
        labels: [0, 0],
      },
    ],
  },
  {
    name: 'FCOS: distances and centerness, three images, rescaled',
    images: [9, 10, 11].map((seed) => pointHead(seed, 4)),
    options: { coder: { type: 'distance' }, nmsIouThreshold: 0.6, nmsPre: 70 },
  },
  ...(['linear', 'gaussian', 'naive'] as const).map(
    (method) =>
      ({
        name: `soft-NMS, ${method}`,
        images: [12, 13].map((seed) => randomHead(seed, 3)),
        options: { nms: { type: 'soft_nms', method, iouThreshold: 0.4 }, scoreThr: 0.2 },
      }) as const,
  ),
  {
    name: 'soft-NMS over all classes alike',
    images: [randomHead(14, 3)],
    options: { nms: { type: 'soft_nms', classAgnostic: true }, maxPerImg: 300 },
  },
  {
    name: 'nothing above the threshold',
    images: [randomHead(6, 2)],
    options: { scoreThr: 0.9999 },
    expected: [{ boxes: [], scores: [], labels: [] }],
  },
];

export const fixture = await readCasepack('models/mm_retinanet_r18w16/fixture');
const head = fixture?.find(({ op }) => op === 'head');
const detections = fixture?.find(({ op }) => op === 'detections');
const anchorLevels = fixture?.find(({ op }) => op === 'anchors')?.arrays('anchors');
if (head !== undefined && detections !== undefined && anchorLevels !== undefined) {
  const found = detections.list('images');
  cases.push({
    name: 'restated MMDetection, mm_retinanet_r18w16',
    images: found.map((_, image) => ({
      anchors: Float32Array.from(anchorLevels.flatMap(({ data }) => Array.from(data))),
      levelSizes: anchorLevels.map(({ shape }) => shape[0] ?? 0),
      numClasses: 3,
      logits: headRows(head.arrays('cls'), image),
      deltas: headRows(head.arrays('reg'), image),
      imgShape: [128, 160],
      scaleFactor: null,
    })),
    options: { scoreThr: detections.number('score_thr'), nmsPre: 1000, minBboxSize: 0 },
    expected: found.map((image) => ({
      boxes: Array.from(image.array('boxes').data),
      scores: Array.from(image.array('scores').data),
      labels: Array.from(image.array('labels').data),
    })),
  });
}

const torchvision = await readCasepack('models/tv_retinanet_r18w16/fixture');
const tvHead = torchvision?.find(({ op }) => op === 'head');
const tvDetections = torchvision?.find(({ op }) => op === 'detections');
const tvAnchors = torchvision?.find(({ op }) => op === 'anchors')?.array('anchors');
if (tvHead !== undefined && tvDetections !== undefined && tvAnchors !== undefined) {
  const found = tvDetections.list('images');
  const rowsOf = (key: string, image: number) => {
    const { data } = tvHead.array(key);
    const size = data.length / found.length;
    return Float32Array.from(data.subarray(image * size, (image + 1) * size));
  };
  cases.push({
    name: 'torchvision, tv_retinanet_r18w16',
    images: found.map((_, image) => ({
      anchors: Float32Array.from(tvAnchors.data),
      // Nine anchors in each cell of 16 × 20, 8 × 10 … cells.
      levelSizes: [2880, 720, 180, 54, 18],
      numClasses: 4,
      logits: rowsOf('cls_logits', image),
      deltas: rowsOf('bbox_regression', image),
      imgShape: [128, 160],
      scaleFactor: null,
    })),
    options: {
      rule: 'torchvision',
      scoreThr: tvDetections.number('score_thresh'),
      nmsIouThreshold: tvDetections.number('nms_thresh'),
      maxPerImg: 50,
    },
    expected: found.map((image) => ({
      boxes: Array.from(image.array('boxes').data),
      scores: Array.from(image.array('scores').data),
      labels: Array.from(image.array('labels').data),
    })),
  });
}
