import { expect, test } from 'vitest';
import { readIntTensor, readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import type { HeadOutputs } from '../dense-candidates/dense-candidates.reference.ts';
import type { DetectedBoxes } from '../keep-best/keep-best.reference.ts';
import { cases, fixture } from './retina-predict.cases.ts';
import type { RetinaCase } from './retina-predict.cases.ts';
import { retinaPredictReference } from './retina-predict.reference.ts';
import { retinaPredict } from './retina-predict.ts';

test.skipIf(fixture === undefined)('both fixtures are there (skipped where absent)', () => {
  expect(cases.slice(-2).map((one) => one.expected?.[0]?.labels.length)).toEqual([100, 50]);
});

async function runOnGpu({ images, options = {} }: RetinaCase): Promise<DetectedBoxes[]> {
  const [first] = images;
  if (first === undefined) return [];
  const batch = images.length;
  const count = first.deltas.length / 4;
  const { numClasses, levelSizes } = first;
  const tensorOf = (values: (image: HeadOutputs) => Float32Array, depth: number) =>
    tf.tensor3d(
      images.flatMap((image) => Array.from(values(image))),
      [batch, count, depth],
    );
  const logits = tensorOf((image) => image.logits, numClasses);
  const deltas = tensorOf((image) => image.deltas, 4);
  const factors =
    first.scoreFactors === undefined
      ? null
      : tensorOf((image) => image.scoreFactors ?? new Float32Array(), 1);
  const inputs = {
    clsLogitsPerLevel: tf.split(logits, [...levelSizes], 1),
    bboxPredPerLevel: tf.split(deltas, [...levelSizes], 1),
    scoreFactorsPerLevel: factors === null ? null : tf.split(factors, [...levelSizes], 1),
    anchors: tf.tensor2d(first.anchors, [count, first.anchors.length / count]),
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
  const { maxPerImg = options.rule === 'torchvision' ? 300 : 100 } = options;
  const [boxes, scores] = await Promise.all([readTensor(result.boxes), readTensor(result.scores)]);
  const [labels, counts] = await Promise.all([
    readIntTensor(result.labels),
    readIntTensor(result.counts),
  ]);
  tf.dispose([logits, deltas, inputs.anchors, inputs.imgShapes]);
  tf.dispose([...(inputs.scoreFactorsPerLevel ?? []), ...(factors === null ? [] : [factors])]);
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

describeOnBackends<RetinaCase, readonly DetectedBoxes[]>('retinaPredict', {
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
