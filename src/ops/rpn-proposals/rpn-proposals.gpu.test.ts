import { expect, test } from 'vitest';
import { rng } from '../../base/rng.ts';
import { readIntTensor, readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { HeadOutputs } from '../dense-candidates/dense-candidates.reference.ts';
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
import { cases, fixturesRead, single } from './rpn-proposals.cases.ts';
import type { PartialBoxes, RpnCase } from './rpn-proposals.cases.ts';
import { rpnProposalsReference } from './rpn-proposals.reference.ts';
import { rpnProposals } from './rpn-proposals.ts';
import type { RpnProposals, RpnProposalsOptions } from './rpn-proposals.ts';

test.skipIf(fixturesRead.length === 0)('both fixtures are there (skipped where absent)', () => {
  expect(fixturesRead.length).toBe(4);
});

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
      logits,
      deltas,
      anchors,
      imgShapes,
      ...(valid === null ? [] : [valid]),
      ...clsLogitsPerLevel,
      ...bboxPredPerLevel,
    ],
    input: { clsLogitsPerLevel, bboxPredPerLevel, anchors, valid, imgShapes, options },
  };
}

function dispose({ boxes, scores, levels, counts }: RpnProposals): void {
  tf.dispose([boxes, scores, levels, counts]);
}

async function runOnGpu({ images, options = {} }: RpnCase): Promise<DetectedBoxes[]> {
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

describeOnBackends<RpnCase, readonly PartialBoxes[]>('rpnProposals', {
  cases,
  reference: ({ images, options }) => images.map((image) => rpnProposalsReference(image, options)),
  webgpu: runOnGpu,
  compare(actual, expected) {
    for (const [image, want] of expected.entries()) {
      const got = actual[image];
      if (want.labels !== undefined) expect(got?.labels).toEqual(want.labels);
      if (want.scores !== undefined) expectClose(got?.scores ?? [], want.scores);
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
      boxes,
      scores: top.scores,
      classes: null,
      iouThreshold: 0.7,
      maxOut: 1000,
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
