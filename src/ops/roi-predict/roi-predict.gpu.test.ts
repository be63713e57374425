import { expect, test } from 'vitest';
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
import { cases, fixturesRead, randomRois, single } from './roi-predict.cases.ts';
import type { RoiCase } from './roi-predict.cases.ts';
import { roiPredictReference } from './roi-predict.reference.ts';
import type { RoiHeadOutputs } from './roi-predict.reference.ts';
import { roiPredict } from './roi-predict.ts';

test.skipIf(fixturesRead.length === 0)('three fixtures are there (skipped where absent)', () => {
  expect(fixturesRead.length).toBe(3);
});

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

async function runOnGpu({ images, options = {} }: RoiCase): Promise<DetectedBoxes[]> {
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

describeOnBackends<RoiCase, readonly DetectedBoxes[]>('roiPredict', {
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
