import { rng } from '../../base/rng.ts';
import type { DetectedBoxes } from '../keep-best/keep-best.reference.ts';
import { readCasepack } from '../oracle/casepack.ts';
import type { PackedCase, PackedFields } from '../oracle/parse-casepack.ts';
import type { RoiHeadOutputs } from './roi-predict.reference.ts';
import type { RoiPredictOptions } from './roi-predict.ts';

/** A test case of `roiPredict`. */
export interface RoiCase {
  readonly name: string;
  /** All of one number of proposals. */
  readonly images: readonly RoiHeadOutputs[];
  readonly options?: RoiPredictOptions;
  readonly expected?: readonly DetectedBoxes[];
}

/**
 * Random outputs for one image.
 *
 * @param deltas per RoI: 1, K or K + 1
 */
export function randomRois(
  seed: number,
  rois: number,
  numClasses: number,
  deltas: number,
): RoiHeadOutputs {
  const random = rng(seed);
  return {
    clsLogits: Float32Array.from({ length: rois * (numClasses + 1) }, () => random.normal() * 2),
    bboxPred: Float32Array.from({ length: rois * deltas * 4 }, () => random.normal()),
    proposals: Float32Array.from(
      Array.from({ length: rois }, () => {
        const x = random.int(0, 90);
        const y = random.int(0, 90);
        return [x, y, x + random.int(8, 60), y + random.int(8, 60)];
      }).flat(),
    ),
    count: rois - (seed % 5),
    numClasses,
    imgShape: [110, 120 + (seed % 7)],
    scaleFactor: null,
  };
}

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;
const { log } = Math;
/** Logits whose softmaxes are these. */
const likely = (...softmaxes: readonly number[]) => softmaxes.map(log);

/** Two classes: two proposals at one place, one elsewhere, one behind the count. */
export const single: RoiHeadOutputs = {
  clsLogits: Float32Array.from([
    ...likely(0.6, 0.1, 0.3),
    ...likely(0.5, 0.3, 0.2),
    ...likely(0.04, 0.06, 0.9),
    ...likely(0.9, 0.05, 0.05),
  ]),
  bboxPred: new Float32Array(4 * 8),
  proposals: Float32Array.from([0, 0, 10, 10, 0, 0, 10, 10, 20, 20, 50, 30, 0, 20, 10, 30]),
  count: 3,
  numClasses: 2,
  imgShape: [40, 40],
  scaleFactor: null,
};
/** The same with the background first, and its delta. */
const backgroundFirst: RoiHeadOutputs = {
  ...single,
  clsLogits: Float32Array.from([
    ...likely(0.3, 0.6, 0.1),
    ...likely(0.2, 0.5, 0.3),
    ...likely(0.9, 0.04, 0.06),
    ...likely(0.05, 0.9, 0.05),
  ]),
  bboxPred: new Float32Array(4 * 12).fill(9, 0, 4),
};
const wanted: DetectedBoxes = {
  boxes: [0, 0, 10, 10, 0, 0, 10, 10, 20, 20, 40, 30],
  scores: [0.6, 0.3, 0.06],
  labels: [0, 1, 1],
};

export const cases: RoiCase[] = [
  {
    name: 'by hand: suppression within classes, clipping, what is behind the count',
    images: [single],
    expected: [wanted],
  },
  {
    name: 'by hand: torchvision',
    images: [backgroundFirst],
    options: { rule: 'torchvision' },
    expected: [wanted],
  },
  {
    name: 'by hand: rescaled before NMS',
    images: [{ ...single, scaleFactor: [2, 4] }],
    expected: [{ ...wanted, boxes: [0, 0, 5, 2.5, 0, 0, 5, 2.5, 10, 5, 20, 7.5] }],
  },
  {
    name: 'by hand: all classes alike',
    images: [single],
    options: { classAgnostic: true },
    expected: [{ boxes: [0, 0, 10, 10, 20, 20, 40, 30], scores: [0.6, 0.06], labels: [0, 1] }],
  },
  {
    name: 'by hand: own deltas of each class, stds 0.1',
    images: [
      {
        ...single,
        count: 1,
        bboxPred: Float32Array.from({ length: 32 }, (_, at) => (at === 4 ? 10 : 0)),
      },
    ],
    expected: [{ boxes: [0, 0, 10, 10, 10, 0, 20, 10], scores: [0.6, 0.1], labels: [0, 1] }],
  },
  {
    name: 'NaN, infinite and equal logits',
    images: [
      {
        ...single,
        clsLogits: Float32Array.from([NAN, 5, 1, INF, 0, 0, -INF, -INF, -INF, 0, -INF, -INF]),
        count: 4,
      },
    ],
    expected: [{ boxes: [0, 20, 10, 30], scores: [1], labels: [0] }],
  },
  {
    name: 'no proposals',
    images: [{ ...single, count: 0 }],
    expected: [{ boxes: [], scores: [], labels: [] }],
  },
  {
    // 1/20 in float32 is the threshold itself, and a little less is above it in all 20 classes.
    name: 'twenty classes at once above a threshold just below a twentieth',
    images: [equalClasses(20)],
    options: { scoreThr: 0.04999, nmsIouThreshold: 1 },
    expected: [
      {
        boxes: Array.from({ length: 40 }, () => [5, 5, 15, 15]).flat(),
        scores: Array.from({ length: 40 }, () => 0.05),
        labels: [...Array(20).keys()].flatMap((label) => [label]).concat([...Array(20).keys()]),
      },
    ],
  },
  {
    name: 'torchvision drops what is narrower than a hundredth',
    images: [
      {
        ...backgroundFirst,
        proposals: Float32Array.from([
          0, 0, 0.005, 10, 0, 0, 10, 0.005, 39.995, 0, 60, 10, 0, 0, 1, 1,
        ]),
      },
    ],
    options: { rule: 'torchvision' },
    expected: [{ boxes: [], scores: [], labels: [] }],
  },
  {
    name: 'three images, five classes',
    images: [1, 2, 3].map((seed) => randomRois(seed, 67, 5, 5)),
  },
  {
    name: 'three images, one delta for all classes, rescaled, no threshold',
    images: [4, 5, 6].map((seed) => ({
      ...randomRois(seed, 40, 3, 1),
      scaleFactor: [1.5, 0.75] as const,
    })),
    options: { scoreThr: 0, maxPerImg: 70, nmsIouThreshold: 0.3 },
  },
  {
    name: 'three images, torchvision, rescaled',
    images: [7, 8, 9].map((seed) => ({
      ...randomRois(seed, 67, 4, 5),
      scaleFactor: [0.5, 0.75] as const,
    })),
    options: { rule: 'torchvision' },
  },
  {
    name: 'one class, one proposal',
    images: [{ ...randomRois(10, 1, 1, 1), count: 1 }],
    options: { scoreThr: 0.01 },
  },
  {
    name: 'soft-NMS',
    images: [11, 12].map((seed) => randomRois(seed, 60, 3, 3)),
    options: { nms: { type: 'soft_nms', method: 'gaussian' }, scoreThr: 0.1 },
  },
];

/** Two proposals at one place, all classes as likely, the background never. */
function equalClasses(numClasses: number): RoiHeadOutputs {
  const row = [...Array<number>(numClasses).fill(1), -INF];
  return {
    clsLogits: Float32Array.from([...row, ...row]),
    bboxPred: new Float32Array(8),
    proposals: Float32Array.from([5, 5, 15, 15, 5, 5, 15, 15]),
    count: 2,
    numClasses,
    imgShape: [40, 40],
    scaleFactor: null,
  };
}

const caseOf = (pack: readonly PackedCase[], wanted: string) => {
  const found = pack.find(({ op }) => op === wanted);
  if (found === undefined) throw new Error(`fixture without ${wanted}`);
  return found;
};
/** @param firstLabel number of the first class that is not the background */
const detected = (pack: readonly PackedCase[], firstLabel: number): DetectedBoxes[] =>
  caseOf(pack, 'detections')
    .list('images')
    .map((image) => ({
      boxes: Array.from(image.array('boxes').data),
      scores: Array.from(image.array('scores').data),
      labels: Array.from(image.array('labels').data, (label) => label - firstLabel),
    }));
const base = { count: 60, imgShape: [128, 160], scaleFactor: null } as const;
/** Names of the fixtures that are there. */
export const fixturesRead: string[] = [];
for (const [model, numClasses] of [
  ['mm_fasterrcnn_r26w8', 3],
  ['mm_fasterrcnn_r50_full_noweights', 20],
] as const) {
  const pack = await readCasepack(`models/${model}/fixture`);
  if (pack === undefined) continue;
  fixturesRead.push(model);
  const floats = (image: PackedFields, key: string) => Float32Array.from(image.array(key).data);
  cases.push({
    name: `restated MMDetection, ${model}`,
    images: caseOf(pack, 'roi_head')
      .list('images')
      .map((image) => ({
        ...base,
        numClasses,
        clsLogits: floats(image, 'cls_score'),
        bboxPred: floats(image, 'bbox_pred'),
        proposals: floats(image, 'proposals'),
      })),
    expected: detected(pack, 0),
  });
}
const tvPack = await readCasepack('models/tv_fasterrcnn_r18w16/fixture');
if (tvPack !== undefined) {
  fixturesRead.push('tv_fasterrcnn_r18w16');
  const head = caseOf(tvPack, 'roi_head');
  const rowsOf = (key: string, image: number) => {
    const { data } = head.array(key);
    const size = data.length / 2;
    return Float32Array.from(data.subarray(image * size, (image + 1) * size));
  };
  cases.push({
    name: 'torchvision, tv_fasterrcnn_r18w16',
    images: caseOf(tvPack, 'rpn')
      .arrays('proposals')
      .map(({ data }, image) => ({
        ...base,
        numClasses: 3,
        clsLogits: rowsOf('class_logits', image),
        bboxPred: rowsOf('box_regression', image),
        proposals: Float32Array.from(data),
      })),
    options: { rule: 'torchvision', maxPerImg: 40 },
    expected: detected(tvPack, 1),
  });
}
