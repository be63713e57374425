import { expect } from 'vitest';
import { rng } from '../../base/rng.ts';
import { readIntTensor, readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { HeadOutputs } from '../dense-candidates/dense-candidates.reference.ts';
import { randomHead } from '../dense-candidates/random-head.ts';
import { countingGpuUse } from '../host/counting-gpu-use.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import type { DetectedBoxes } from '../keep-best/keep-best.reference.ts';
import { nmsOfImages } from '../nms/nms.ts';
import { filterScoresAndTopK } from '../top-k/filter-scores-and-top-k.ts';
import { rpnProposalsReference } from './rpn-proposals.reference.ts';
import { rpnProposals } from './rpn-proposals.ts';
import type { RpnProposals, RpnProposalsOptions } from './rpn-proposals.ts';

interface Case {
  readonly name: string;
  /** All of one input size. */
  readonly images: readonly HeadOutputs[];
  readonly options?: RpnProposalsOptions;
  /** Labels are levels. */
  readonly expected?: readonly DetectedBoxes[];
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const { NaN: NAN } = Number;

/** Level 0: two anchors at one place and one outside the image; level 1: one at the place of the first two. */
const single: HeadOutputs = {
  anchors: Float32Array.from([0, 0, 10, 10, 0, 0, 10, 10, 50, 0, 60, 10, 0, 0, 10, 10]),
  levelSizes: [3, 1],
  numClasses: 1,
  logits: Float32Array.from([0, 1, 5, -200]),
  deltas: new Float32Array(16),
  imgShape: [40, 40],
  scaleFactor: null,
};
const first = { boxes: [0, 0, 10, 10, 0, 0, 10, 10], scores: [sigmoid(1), 0], labels: [0, 1] };

/** A head with coarse logits, so that scores tie, and every fifth anchor away. */
function tiedHead(seed: number): HeadOutputs {
  const head = randomHead(seed, 1);
  return {
    ...head,
    logits: head.logits.map((logit) => Math.round(logit * 2) / 2),
    valid: Int32Array.from({ length: head.logits.length }, (_, at) =>
      (at + seed) % 5 === 0 ? 0 : 1,
    ),
  };
}

const cases: Case[] = [
  {
    name: 'by hand: levels apart, clipped to no width, a score that underflows',
    images: [single],
    expected: [first],
  },
  {
    name: 'by hand: torchvision',
    images: [single],
    options: { rule: 'torchvision' },
    expected: [first],
  },
  {
    name: 'torchvision: scores from the threshold on',
    images: [{ ...single, logits: Float32Array.from([0, 0, 5, -1]) }],
    options: { rule: 'torchvision', scoreThr: 0.5, nmsIouThreshold: 1 },
    expected: [{ boxes: [0, 0, 10, 10, 0, 0, 10, 10], scores: [0.5, 0.5], labels: [0, 0] }],
  },
  {
    name: 'a side of exactly the least size: too small for MMDetection',
    images: [single],
    options: { minBboxSize: 10 },
    expected: [{ boxes: [], scores: [], labels: [] }],
  },
  {
    name: 'a side of exactly the least size: large enough for torchvision',
    images: [single],
    options: { rule: 'torchvision', minBboxSize: 10 },
    expected: [first],
  },
  {
    // The best of level 0 is outside: nothing else of that level is looked at.
    name: 'one anchor per level',
    images: [single],
    options: { nmsPre: 1 },
    expected: [{ boxes: [0, 0, 10, 10], scores: [0], labels: [1] }],
  },
  {
    name: 'saturated sigmoids tie for MMDetection: the lower anchor',
    images: [{ ...single, logits: Float32Array.from([40, 50, NAN, -1]) }],
    options: { nmsPre: 1, maxPerImg: 1 },
    expected: [{ boxes: [0, 0, 10, 10], scores: [1], labels: [0] }],
  },
  {
    name: 'an anchor that is not valid is not proposed',
    images: [{ ...single, valid: Int32Array.from([1, 0, 1, 0]) }],
    expected: [{ boxes: [0, 0, 10, 10], scores: [0.5], labels: [0] }],
  },
  { name: 'three images', images: [1, 2, 3].map((seed) => randomHead(seed, 1)) },
  {
    name: 'three images, torchvision',
    images: [4, 5, 6].map((seed) => randomHead(seed, 1)),
    options: { rule: 'torchvision', nmsPre: 40, maxPerImg: 30 },
  },
  {
    name: 'ties and anchors away',
    images: [7, 8].map(tiedHead),
    options: { nmsPre: 50, maxPerImg: 25, minBboxSize: 4 },
  },
];

interface Tensors {
  readonly levelSizes: readonly number[];
  readonly tensors: readonly tf.Tensor[];
  readonly input: Parameters<typeof rpnProposals>[0];
}

function upload(images: readonly HeadOutputs[], options: RpnProposalsOptions): Tensors {
  const [head] = images;
  if (head === undefined) throw new Error('upload: no image');
  const batch = images.length;
  const count = head.logits.length;
  const tensorOf = (values: (image: HeadOutputs) => Float32Array, depth: number) =>
    tf.tensor3d(
      images.flatMap((image) => Array.from(values(image))),
      [batch, count, depth],
    );
  const logits = tensorOf((image) => image.logits, 1);
  const deltas = tensorOf((image) => image.deltas, 4);
  const flags = images.flatMap(({ valid }) => Array.from(valid ?? []));
  const levelSizes = [...head.levelSizes];
  const clsLogitsPerLevel = tf.split(logits, levelSizes, 1);
  const bboxPredPerLevel = tf.split(deltas, levelSizes, 1);
  const anchors = tf.tensor2d(head.anchors, [count, 4]);
  const valid = flags.length === 0 ? null : tf.tensor2d(flags, [batch, count], 'int32');
  const imgShapes = tf.tensor2d(
    images.map(({ imgShape }) => [...imgShape]),
    [batch, 2],
    'int32',
  );
  return {
    levelSizes,
    tensors: [
      ...[logits, deltas, anchors, imgShapes, ...(valid === null ? [] : [valid])],
      ...[...clsLogitsPerLevel, ...bboxPredPerLevel],
    ],
    input: { clsLogitsPerLevel, bboxPredPerLevel, anchors, valid, imgShapes, options },
  };
}

function dispose({ boxes, scores, levels, counts }: RpnProposals): void {
  tf.dispose([boxes, scores, levels, counts]);
}

async function runOnGpu({ images, options = {} }: Case): Promise<DetectedBoxes[]> {
  const { tensors, input } = upload(images, options);
  const result = rpnProposals(input);
  const [boxes, scores] = [await readTensor(result.boxes), await readTensor(result.scores)];
  const [levels, counts] = [await readIntTensor(result.levels), await readIntTensor(result.counts)];
  const [, room] = result.scores.shape;
  tf.dispose([...tensors]);
  dispose(result);
  return images.map((_, image) => {
    const begin = image * room;
    const end = begin + (counts[image] ?? 0);
    const last = begin + room;
    expect(levels.subarray(end, last).every((level) => level === -1)).toBe(true);
    expect(scores.subarray(end, last).every((score) => score === 0)).toBe(true);
    expect(boxes.subarray(end * 4, last * 4).every((value) => value === 0)).toBe(true);
    return {
      boxes: Array.from(boxes.subarray(begin * 4, end * 4)),
      scores: Array.from(scores.subarray(begin, end)),
      labels: Array.from(levels.subarray(begin, end)),
    };
  });
}

describeOnBackends<Case, readonly DetectedBoxes[]>('rpnProposals', {
  cases,
  reference: ({ images, options }) => images.map((image) => rpnProposalsReference(image, options)),
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

/** 100,000 square anchors on a grid, one level. */
function largeHead(seed: number): HeadOutputs {
  const random = rng(seed);
  const count = 100_000;
  const anchors = Float32Array.from({ length: count * 4 }, (_, at) => {
    const cell = Math.floor(at / 4);
    const corner = at % 2 === 0 ? (cell % 400) * 2 : Math.floor(cell / 400) * 2;
    return at % 4 < 2 ? corner : corner + 24;
  });
  return {
    anchors,
    levelSizes: [count],
    numClasses: 1,
    logits: Float32Array.from({ length: count }, () => random.normal() / 10),
    deltas: Float32Array.from({ length: count * 4 }, () => random.normal() / 10),
    imgShape: [500, 800],
    scaleFactor: null,
  };
}

describeOnGpu('rpnProposals', () => {
  gpuTest('the best 1000 of 100,000, NMS and all, in nine dispatches without a read', async () => {
    const head = largeHead(1);
    const { tensors, input } = upload([head], { rule: 'torchvision', maxPerImg: 300 });
    await tf.ready();
    const use = countingGpuUse();
    const result = rpnProposals(input);
    use.stop();
    expect(use.counts()).toEqual({ dispatches: 9, reads: 0 });
    const want = rpnProposalsReference(head, { rule: 'torchvision', maxPerImg: 300 });
    expectClose(await readTensor(result.scores), want.scores);
    expectClose(await readTensor(result.boxes), want.boxes, { absolute: 1e-3 });
    dispose(result);
    tf.dispose([...tensors]);
  });

  gpuTest('top 1000 of 100,000 and NMS alone are seven dispatches without a read', async () => {
    const { logits, levelSizes } = largeHead(2);
    const scores = tf.tensor3d(logits, [1, logits.length, 1]);
    const boxes = tf.tensor3d(largeHead(2).anchors.slice(0, 4000), [1, 1000, 4]);
    await tf.ready();
    const use = countingGpuUse();
    const top = filterScoresAndTopK({ logits: scores, levelSizes, scoreThreshold: null, k: 1000 });
    const kept = nmsOfImages({
      ...{ boxes, scores: top.scores, classes: null },
      ...{ iouThreshold: 0.7, maxOut: 1000 },
    });
    use.stop();
    expect(use.counts()).toEqual({ dispatches: 7, reads: 0 });
    tf.dispose([scores, boxes, top.elements, top.scores, kept.keep, kept.counts]);
  });

  gpuTest('refuses more than one logit per anchor', async () => {
    const { tensors, input } = upload([single], {});
    const wide = tf.zeros([1, 4, 2]);
    expect(() => rpnProposals({ ...input, clsLogitsPerLevel: [wide] })).toThrow(/\[B, n, 1\]/);
    tf.dispose([wide, ...tensors]);
    await tf.ready();
  });
});
