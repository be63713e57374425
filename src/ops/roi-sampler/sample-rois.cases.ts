import { rng } from '../../base/rng.ts';
import { encodeReference } from '../delta-coder/delta-coder.reference.ts';
import type { FourNumbers } from '../delta-coder/delta-coder.ts';
import { maxIouAssignReference } from '../matcher/max-iou-assign.reference.ts';
import type { MaxIouAssignOptions } from '../matcher/max-iou-assign.ts';
import { mmdetTwoStage, torchvisionTwoStage } from '../oracle/two-stage.ts';
import type { TwoStageFixture, TwoStageImage } from '../oracle/two-stage.ts';
import type { RandomKey } from '../sampler/draw-subset.reference.ts';
import type { RoiImage, RoiSlots } from './sample-rois.reference.ts';
import type { SampleRoisOptions } from './sample-rois.ts';

/** A test case of `sampleRois`. */
export interface RoiCase {
  readonly name: string;
  readonly images: readonly RoiImage[];
  readonly options: SampleRoisOptions;
  readonly key?: RandomKey;
  /** Rows of padding behind the longest image; default 1. */
  readonly spareRows?: number;
  readonly expected?: readonly RoiSlots[];
}

/** The R-CNN assigner of Faster R-CNN. */
export const rcnnAssigner: MaxIouAssignOptions = {
  posIouThr: 0.5,
  negIouThr: 0.5,
  minPosIou: 0.5,
  matchLowQuality: false,
};

const stds: FourNumbers = [0.1, 0.1, 0.2, 0.2];
const mmdetOptions: SampleRoisOptions = {
  num: 32,
  posFraction: 0.25,
  mode: 'first',
  addGts: 'first',
  order: 'positives-first',
  numClasses: 3,
  coder: { stds },
};

/** Boxes of 10 × 10 at these left edges. */
function squares(...lefts: number[]): Float32Array<ArrayBuffer> {
  return Float32Array.from(lefts.flatMap((left) => [left, 0, left + 10, 10]));
}

const gt: readonly number[] = [0, 0, 10, 10];
/** One ground truth of class 2; proposals: background, positive at 1 pixel, neither, background. */
const small: RoiImage = {
  proposals: squares(50, 1, 5, 60),
  gtBoxes: Float32Array.from(gt),
  gtLabels: Int32Array.of(2),
  assigned: [-1, 0, -2, -1],
};
const shifted = [-1, 0, 0, 0];
const zeros = [0, 0, 0, 0];

function randomImage(seed: number, count: number, gts: number): RoiImage {
  const random = rng(seed);
  const boxes = (length: number) =>
    Float32Array.from(
      Array.from({ length }, () => {
        const x = random.int(0, 800) / 8;
        const y = random.int(0, 800) / 8;
        return [x, y, x + random.int(1, 400) / 8, y + random.int(1, 400) / 8];
      }).flat(),
    );
  return {
    proposals: boxes(count),
    gtBoxes: boxes(gts),
    gtLabels: Int32Array.from({ length: gts }, () => random.int(0, 3)),
    assigned: Array.from({ length: count }, () => {
      const at = random.float();
      return at < 0.3 && gts > 0 ? random.int(0, gts) : at < 0.4 ? -2 : -1;
    }),
  };
}

const batch = [randomImage(1, 400, 6), randomImage(2, 3, 0), randomImage(3, 257, 1)];

/** Cases worked out by hand, and random ones, for the twin to judge. */
export const handCases: RoiCase[] = [
  {
    name: 'by hand: ground truths first, positives first, a slot left over',
    images: [small],
    options: { ...mmdetOptions, num: 5, posFraction: 0.5, coder: {} },
    spareRows: 0,
    expected: [
      {
        rois: [
          [0, ...gt],
          [0, 1, 0, 11, 10],
          [0, 50, 0, 60, 10],
          [0, 60, 0, 70, 10],
          [0, ...zeros],
        ].flat(),
        present: [1, 1, 1, 1, 0],
        labels: [2, 2, 3, 3, -1],
        matchedGt: [0, 0, -1, -1, -2],
        deltaTargets: [zeros, [-0.1, 0, 0, 0], zeros, zeros, zeros].flat(),
        numPos: 2,
        numNeg: 2,
      },
    ],
  },
  {
    name: 'by hand: ground truths last, by number, background 0',
    images: [small],
    options: {
      ...mmdetOptions,
      num: 4,
      posFraction: 0.5,
      addGts: 'last',
      order: 'index',
      backgroundLabel: 0,
    },
    spareRows: 0,
    expected: [
      {
        rois: [
          [0, 50, 0, 60, 10],
          [0, 1, 0, 11, 10],
          [0, 60, 0, 70, 10],
          [0, ...gt],
        ].flat(),
        present: [1, 1, 1, 1],
        labels: [0, 2, 0, 2],
        matchedGt: [-1, 0, -1, 0],
        deltaTargets: [zeros, shifted, zeros, zeros].flat(),
        numPos: 2,
        numNeg: 2,
      },
    ],
  },
  {
    name: 'no candidate in one image, no ground truth in another',
    images: [
      {
        proposals: new Float32Array(),
        gtBoxes: new Float32Array(),
        gtLabels: new Int32Array(),
        assigned: [],
      },
      { ...small, gtBoxes: new Float32Array(), gtLabels: new Int32Array(), assigned: [-1, -1] },
      small,
    ],
    options: mmdetOptions,
  },
  {
    name: 'a ground truth of no size is drawn with targets that are not finite',
    images: [
      {
        ...small,
        gtBoxes: Float32Array.from([3, 3, 3, 9]),
        assigned: [-1, 0, -1, -1],
      },
    ],
    options: { ...mmdetOptions, addGts: 'none' },
  },
  ...(['first', 'last', 'none'] as const).flatMap((addGts) =>
    (['random', 'first'] as const).map((mode) => ({
      name: `three images, ground truths ${addGts}, ${mode}`,
      images: batch,
      options: {
        ...mmdetOptions,
        num: 128,
        addGts,
        mode,
        order: addGts === 'none' ? ('index' as const) : ('positives-first' as const),
      },
    })),
  ),
  {
    name: 'random with few negatives allowed',
    images: batch,
    options: { ...mmdetOptions, num: 200, mode: 'random', negPosUb: 1 },
  },
  {
    name: 'the same draw whatever the padding',
    images: batch,
    options: { ...mmdetOptions, num: 100, mode: 'random' },
    spareRows: 40,
  },
  {
    name: 'num 1e6 takes all',
    images: [randomImage(8, 2100, 12), randomImage(9, 1999, 3)],
    options: { ...mmdetOptions, num: 1e6, mode: 'random' },
  },
  {
    name: '2,100 proposals, 512 RoIs',
    images: [randomImage(10, 2100, 12), randomImage(11, 1999, 3)],
    options: { ...mmdetOptions, num: 512, mode: 'random' },
    key: [16_777_215, 90_000],
  },
];

function assign(boxes: Float32Array, { gtBoxes, gtLabels }: TwoStageImage): number[] {
  const valid = new Int32Array(boxes.length / 4).fill(1);
  const image = { anchors: boxes, valid, gtBoxes, gtLabels };
  return maxIouAssignReference(image, rcnnAssigner, 1).assigned;
}

/** What a fixture says, as slots. `background` is its label; negatives have no targets. */
function slotsOf(
  { rois, roiLabels, roiDeltas, gtBoxes }: TwoStageImage,
  index: number,
  background: number,
): RoiSlots {
  const positive = roiLabels.map((label) => label !== background);
  let row = 0;
  const deltas = positive.map((is) => (is ? roiDeltas.slice(row * 4, ++row * 4) : zeros));
  // The fixture says a RoI's ground truth by its targets: the one that they lead to.
  const distance = (roi: number, other: number) => {
    const own = encodeReference(rois, roi, gtBoxes, other, { stds });
    return own.reduce((sum, value, axis) => sum + Math.abs(value - (deltas[roi]?.[axis] ?? 0)), 0);
  };
  const gts = Array.from({ length: gtBoxes.length / 4 }, (_, other) => other);
  return {
    rois: roiLabels.flatMap((_, roi) => [index, ...rois.subarray(roi * 4, roi * 4 + 4)]),
    present: roiLabels.map(() => 1),
    labels: [...roiLabels],
    matchedGt: positive.map((is, roi) =>
      is ? (gts.toSorted((a, b) => distance(roi, a) - distance(roi, b))[0] ?? -1) : -1,
    ),
    deltaTargets: deltas.flat(),
    numPos: row,
    numNeg: roiLabels.length - row,
  };
}

/** The RoIs of torchvision's fixture: ground truths stand behind the proposals before all are matched. */
export function torchvisionRois({ images }: TwoStageFixture): RoiCase {
  return {
    name: 'tv_fasterrcnn_r18w16',
    images: images.map((image) => {
      const proposals = Float32Array.from([...image.proposals, ...image.gtBoxes]);
      return { ...image, proposals, assigned: assign(proposals, image) };
    }),
    options: { ...mmdetOptions, addGts: 'none', order: 'index', backgroundLabel: 0 },
    expected: images.map((image, index) => slotsOf(image, index, 0)),
  };
}

function mmdetRois({ images }: TwoStageFixture): RoiCase {
  return {
    name: 'mm_fasterrcnn_r26w8',
    images: images.map((image) => ({ ...image, assigned: assign(image.proposals, image) })),
    options: mmdetOptions,
    expected: images.map((image, index) => slotsOf(image, index, 3)),
  };
}

/** The RoIs of both two-stage fixtures; undefined where one is absent. */
export async function fixtureCases(): Promise<RoiCase[] | undefined> {
  const mmdet = await mmdetTwoStage();
  const torchvision = await torchvisionTwoStage();
  if (mmdet === undefined || torchvision === undefined) return undefined;
  return [mmdetRois(mmdet), torchvisionRois(torchvision)];
}
