import { expect } from 'vitest';
import { rng } from '../../base/rng.ts';
import { readIntTensor, readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { countingGpuUse } from '../host/counting-gpu-use.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import type { DetectedBoxes } from '../keep-best/keep-best.reference.ts';
import { roiPredictReference } from './roi-predict.reference.ts';
import type { RoiHeadOutputs } from './roi-predict.reference.ts';
import { roiPredict } from './roi-predict.ts';
import type { RoiPredictOptions } from './roi-predict.ts';

interface Case {
  readonly name: string;
  /** All of one number of proposals. */
  readonly images: readonly RoiHeadOutputs[];
  readonly options?: RoiPredictOptions;
  readonly expected?: readonly DetectedBoxes[];
}

/** @param deltas per RoI: 1, K or K + 1 */
function randomRois(
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
const single: RoiHeadOutputs = {
  clsLogits: Float32Array.from([
    ...likely(0.6, 0.1, 0.3),
    ...likely(0.5, 0.3, 0.2),
    ...likely(0.04, 0.06, 0.9),
    ...likely(0.9, 0.05, 0.05),
  ]),
  bboxPred: new Float32Array(4 * 8),
  proposals: Float32Array.from([
    ...[0, 0, 10, 10, 0, 0, 10, 10],
    ...[20, 20, 50, 30, 0, 20, 10, 30],
  ]),
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

const cases: Case[] = [
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
          ...[0, 0, 0.005, 10, 0, 0, 10, 0.005],
          ...[39.995, 0, 60, 10, 0, 0, 1, 1],
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

function upload(images: readonly RoiHeadOutputs[]) {
  const [head] = images;
  if (head === undefined) throw new Error('upload: no image');
  const batch = images.length;
  const rois = head.proposals.length / 4;
  const joined = (values: (image: RoiHeadOutputs) => Float32Array) =>
    images.flatMap((image) => Array.from(values(image)));
  const { scaleFactor } = head;
  return {
    clsLogits: tf.tensor2d(
      joined(({ clsLogits }) => clsLogits),
      [batch * rois, head.numClasses + 1],
    ),
    bboxPred: tf.tensor2d(
      joined(({ bboxPred }) => bboxPred),
      [batch * rois, head.bboxPred.length / rois],
    ),
    proposals: tf.tensor3d(
      joined(({ proposals }) => proposals),
      [batch, rois, 4],
    ),
    counts: tf.tensor1d(
      images.map(({ count }) => count),
      'int32',
    ),
    imgShapes: tf.tensor2d(
      images.map(({ imgShape }) => [...imgShape]),
      [batch, 2],
      'int32',
    ),
    scaleFactors: scaleFactor === null ? null : tf.tensor2d(images.map(() => [...scaleFactor])),
  };
}

async function runOnGpu({ images, options = {} }: Case): Promise<DetectedBoxes[]> {
  const inputs = upload(images);
  const result = roiPredict({ ...inputs, options });
  const { maxPerImg = 100 } = options;
  const [boxes, scores] = [await readTensor(result.boxes), await readTensor(result.scores)];
  const [labels, counts] = [await readIntTensor(result.labels), await readIntTensor(result.counts)];
  const { scaleFactors, ...others } = inputs;
  tf.dispose([...Object.values(others), ...Object.values({ ...result })]);
  scaleFactors?.dispose();
  return images.map((_, image) => {
    const begin = image * maxPerImg;
    const end = begin + (counts[image] ?? 0);
    const last = begin + maxPerImg;
    expect(labels.subarray(end, last).every((label) => label === -1)).toBe(true);
    expect(scores.subarray(end, last).every((score) => score === 0)).toBe(true);
    expect(boxes.subarray(end * 4, last * 4).every((value) => value === 0)).toBe(true);
    return {
      boxes: Array.from(boxes.subarray(begin * 4, end * 4)),
      scores: Array.from(scores.subarray(begin, end)),
      labels: Array.from(labels.subarray(begin, end)),
    };
  });
}

describeOnBackends<Case, readonly DetectedBoxes[]>('roiPredict', {
  cases,
  reference: ({ images, options }) => images.map((image) => roiPredictReference(image, options)),
  webgpu: runOnGpu,
  compare(actual, expected) {
    for (const [image, want] of expected.entries()) {
      const got = actual[image];
      expect(got?.labels).toEqual(want.labels);
      expectClose(got?.scores ?? [], want.scores);
      expectClose(got?.boxes ?? [], want.boxes, { absolute: 1e-3 });
    }
  },
  expected: (input) => input.expected,
});

describeOnGpu('roiPredict', () => {
  gpuTest('1000 proposals of 80 classes: seven dispatches without a read', async () => {
    const head = randomRois(20, 1000, 80, 80);
    const inputs = upload([head]);
    await tf.ready();
    const use = countingGpuUse();
    const result = roiPredict(inputs);
    use.stop();
    expect(use.counts()).toEqual({ dispatches: 7, reads: 0 });
    const want = roiPredictReference(head);
    expectClose(await readTensor(result.scores), want.scores);
    expect(Array.from(await readIntTensor(result.labels))).toEqual(want.labels);
    const { scaleFactors, ...others } = inputs;
    expect(scaleFactors).toBeNull();
    tf.dispose([...Object.values(others), ...Object.values({ ...result })]);
  });

  gpuTest('refuses deltas of another width, and a threshold below 0', async () => {
    await tf.ready();
    const inputs = upload([single]);
    const wide = tf.zeros([4, 12]);
    expect(() => roiPredict({ ...inputs, bboxPred: wide })).toThrow(/4 or 8 wide, got 12/);
    expect(() => roiPredict({ ...inputs, options: { scoreThr: -1 } })).toThrow(/scoreThr/);
    const { scaleFactors, ...others } = inputs;
    expect(scaleFactors).toBeNull();
    tf.dispose([wide, ...Object.values(others)]);
  });
});
