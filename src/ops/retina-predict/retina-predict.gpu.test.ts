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
import type { PackedArray } from '../oracle/casepack.ts';
import { readCasepack } from '../oracle/casepack.ts';
import { retinaPredictReference } from './retina-predict.reference.ts';
import type { DetectedBoxes, HeadOutputs } from './retina-predict.reference.ts';
import { retinaPredict } from './retina-predict.ts';
import type { RetinaPredictOptions } from './retina-predict.ts';

interface Case {
  readonly name: string;
  /** All of one input size. */
  readonly images: readonly HeadOutputs[];
  readonly options?: RetinaPredictOptions;
  readonly expected?: readonly DetectedBoxes[];
}

/** One level of 16-pixel cells with one square anchor of 32 pixels each, and a second of 32-pixel cells. */
function anchorsOf(): { anchors: Float32Array; levelSizes: number[] } {
  const level = (cells: number, stride: number) =>
    Array.from({ length: cells * cells }, (_, cell) => {
      const x = (cell % cells) * stride;
      const y = Math.floor(cell / cells) * stride;
      return [x - stride, y - stride, x + stride, y + stride];
    }).flat();
  return { anchors: Float32Array.from([...level(8, 16), ...level(4, 32)]), levelSizes: [64, 16] };
}

function randomImage(seed: number, numClasses: number): HeadOutputs {
  const random = rng(seed);
  const { anchors, levelSizes } = anchorsOf();
  const count = anchors.length / 4;
  return {
    anchors,
    levelSizes,
    numClasses,
    logits: Float32Array.from({ length: count * numClasses }, () => random.normal() * 2 - 1),
    deltas: Float32Array.from({ length: count * 4 }, () => random.normal() / 2),
    imgShape: [120, 110 + (seed % 7)],
    scaleFactor: null,
  };
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
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const cases: Case[] = [
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
  { name: 'three images, five classes', images: [1, 2, 3].map((seed) => randomImage(seed, 5)) },
  {
    name: 'rescaled, other options',
    images: [4, 5].map((seed) => ({ ...randomImage(seed, 3), scaleFactor: [1.5, 0.75] as const })),
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
    name: 'nothing above the threshold',
    images: [randomImage(6, 2)],
    options: { scoreThr: 0.9999 },
    expected: [{ boxes: [], scores: [], labels: [] }],
  },
];

/** [B, A · C, H, W] of image b → [H · W · A, C], MMDetection's flattening. */
function flatten({ shape, data }: PackedArray, image: number, channels: number): number[] {
  const [, depth = 0, height = 0, width = 0] = shape;
  return Array.from({ length: height * width * depth }, (_, index) => {
    const channel = index % depth;
    const cell = Math.floor(index / depth);
    return data[(image * depth + channel) * height * width + cell] ?? Number.NaN;
  }).filter(() => depth % channels === 0);
}

const fixture = await readCasepack('models/mm_retinanet_r18w16/fixture');
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
      logits: Float32Array.from(head.arrays('cls').flatMap((level) => flatten(level, image, 3))),
      deltas: Float32Array.from(head.arrays('reg').flatMap((level) => flatten(level, image, 4))),
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
test.skipIf(fixture === undefined)('mm_retinanet_r18w16 is there (skipped where absent)', () => {
  expect(cases.at(-1)?.expected?.[0]?.labels.length).toBe(100);
});

async function runOnGpu({ images, options = {} }: Case): Promise<DetectedBoxes[]> {
  const [first] = images;
  if (first === undefined) return [];
  const batch = images.length;
  const count = first.anchors.length / 4;
  const { numClasses, levelSizes } = first;
  const tensorOf = (values: (image: HeadOutputs) => Float32Array, depth: number) =>
    tf.tensor3d(
      images.flatMap((image) => Array.from(values(image))),
      [batch, count, depth],
    );
  const logits = tensorOf((image) => image.logits, numClasses);
  const deltas = tensorOf((image) => image.deltas, 4);
  const inputs = {
    clsLogitsPerLevel: tf.split(logits, [...levelSizes], 1),
    bboxPredPerLevel: tf.split(deltas, [...levelSizes], 1),
    anchors: tf.tensor2d(first.anchors, [count, 4]),
    imgShapes: tf.tensor2d(
      images.map(({ imgShape }) => [...imgShape]),
      [batch, 2],
      'int32',
    ),
    scaleFactors:
      first.scaleFactor === null
        ? null
        : tf.tensor2d(
            images.map(({ scaleFactor }) => [...(scaleFactor ?? [])]),
            [batch, 2],
          ),
  };
  const result = retinaPredict({ ...inputs, options });
  const { maxPerImg = 100 } = options;
  const [boxes, scores] = await Promise.all([readTensor(result.boxes), readTensor(result.scores)]);
  const [labels, counts] = await Promise.all([
    readIntTensor(result.labels),
    readIntTensor(result.counts),
  ]);
  tf.dispose([logits, deltas, inputs.anchors, inputs.imgShapes]);
  tf.dispose([...inputs.clsLogitsPerLevel, ...inputs.bboxPredPerLevel]);
  tf.dispose([result.boxes, result.scores, result.labels, result.counts]);
  inputs.scaleFactors?.dispose();
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

describeOnBackends<Case, readonly DetectedBoxes[]>('retinaPredict', {
  cases,
  reference: ({ images, options }) => images.map((image) => retinaPredictReference(image, options)),
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

describeOnGpu('retinaPredict', () => {
  gpuTest('refuses anchors of another number', async () => {
    await tf.ready();
    const logits = tf.zeros([1, 4, 2]);
    const deltas = tf.zeros([1, 4, 4]);
    const anchors = tf.zeros([5, 4]);
    const imgShapes = tf.zeros([1, 2]);
    expect(() =>
      retinaPredict({
        clsLogitsPerLevel: [logits],
        bboxPredPerLevel: [deltas],
        anchors,
        imgShapes,
        scaleFactors: null,
      }),
    ).toThrow(/anchors must be float32 \[4, 4\]/);
    tf.dispose([logits, deltas, anchors, imgShapes]);
  });
});
