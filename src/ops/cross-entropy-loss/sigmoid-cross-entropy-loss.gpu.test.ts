import { expect, test } from 'vitest';
import { z } from 'zod';
import { rng } from '../../base/rng.ts';
import { tf } from '../../tensor/tf.ts';
import { centralDifferences } from '../host/central-differences.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import type { LossAndGrad } from '../loss-sum/loss-and-grad.ts';
import { elementsOnGpu, expectLossClose, lossOnGpu } from '../loss-sum/loss-on-gpu.ts';
import { reduceReference } from '../loss-sum/loss-terms.reference.ts';
import { readCasepack, readOracleJson } from '../oracle/casepack.ts';
import {
  binaryCrossEntropyReference,
  sigmoidCrossEntropyReference,
} from './sigmoid-cross-entropy-loss.reference.ts';
import {
  binaryCrossEntropyLoss,
  binaryCrossEntropyLossElements,
  sigmoidCrossEntropyLoss,
} from './sigmoid-cross-entropy-loss.ts';
import type { SigmoidCrossEntropyOptions } from './sigmoid-cross-entropy-loss.ts';

interface Common {
  readonly name: string;
  readonly logits: readonly number[];
  readonly batch?: number;
  /** One, or one per image. */
  readonly avgFactor: number | readonly number[];
  readonly upstream?: number;
  readonly expected?: LossAndGrad;
}
/** logits [rows, K] */
interface LabelCase extends Common {
  readonly labels: readonly number[];
  readonly numClasses: number;
  readonly options?: SigmoidCrossEntropyOptions;
}
/** logits [rows] */
interface TargetCase extends Common {
  readonly targets: readonly number[];
  readonly assigned: readonly number[];
  readonly lossWeight?: number;
  readonly elements?: ArrayLike<number>;
}

const EXTREME = [-1e4, 1e4, -90, 90, -40, 40];
const zeros = (count: number) => Array.from({ length: count }, () => 0);
const normals = (seed: number, count: number) => {
  const random = rng(seed);
  return Array.from({ length: count }, () => Math.fround(random.normal() * 4));
};

function randomLabels(name: string, seed: number, rows: number, numClasses: number): LabelCase {
  const random = rng(seed, 1);
  return {
    name,
    logits: normals(seed, rows * numClasses),
    labels: Array.from({ length: rows }, () => random.int(-1, numClasses + 1)),
    numClasses,
    avgFactor: 7,
  };
}

function randomTargets(name: string, seed: number, rows: number): TargetCase {
  const random = rng(seed, 1);
  return {
    name,
    logits: normals(seed, rows),
    targets: Array.from({ length: rows }, () => Math.fround(random.float())),
    assigned: Array.from({ length: rows }, () => random.int(-2, 3)),
    avgFactor: 7,
  };
}

const labelCases: LabelCase[] = [
  {
    // x = 0: every term is ln 2, its slope −½ for the target and ½ for the others.
    name: 'logits 0, by hand: target, background, no weight; loss weight and upstream',
    logits: zeros(6),
    labels: [1, 2, -1],
    numClasses: 2,
    avgFactor: 2,
    upstream: 3,
    options: { lossWeight: 2 },
    expected: { loss: 4 * Math.LN2, grad: [1.5, -1.5, 1.5, 1.5, 0, 0] },
  },
  {
    name: 'by hand: class weights are of the targets alone, pos_weight of rows with a class',
    logits: zeros(4),
    labels: [1, 2],
    numClasses: 2,
    avgFactor: 1,
    options: { classWeight: [7, 3], posWeight: 2 },
    expected: { loss: (2 * (1 + 3) + 2) * Math.LN2, grad: [1, -3, 0.5, 0.5] },
  },
  {
    name: 'extreme logits stay finite',
    logits: [...EXTREME, ...EXTREME],
    labels: [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1],
    numClasses: 1,
    avgFactor: 1e4,
  },
  randomLabels('one row of one class', 1, 1, 1),
  { ...randomLabels('two images of 1501 anchors, one class', 2, 3002, 1), batch: 2 },
  randomLabels('2000 rows of 20 classes', 3, 2000, 20),
  { ...randomLabels('class weights', 4, 33, 4), options: { classWeight: [0.5, 0, 2, 1] } },
  { ...randomLabels('one factor per image', 5, 3 * 701, 3), batch: 3, avgFactor: [3, 50, 1] },
  {
    ...randomLabels('nothing has weight', 6, 3, 2),
    labels: [-1, -1, -1],
    avgFactor: 0,
    expected: { loss: 0, grad: zeros(6) },
  },
];
const targetCases: TargetCase[] = [
  {
    name: 'logits 0 and ln 3, by hand',
    logits: [0, Math.log(3), 5],
    targets: [0.25, 0.5, 1],
    assigned: [0, 4, -1],
    avgFactor: 2,
    // p = ¾: −½ ln ¾ − ½ ln ¼.
    expected: { loss: (Math.LN2 + Math.log(16 / 3) / 2) / 2, grad: [0.25 / 2, 0.25 / 2, 0] },
  },
  randomTargets('one', 11, 1),
  { ...randomTargets('two images of 2101 points', 12, 4202), batch: 2, lossWeight: 2 },
  { ...randomTargets('one factor per image', 13, 3 * 65), batch: 3, avgFactor: [3, 5, 1] },
  {
    ...randomTargets('nothing has weight', 14, 3),
    assigned: [-1, -2, -1],
    avgFactor: 0,
    expected: { loss: 0, grad: [0, 0, 0] },
  },
];

const numbers = z.array(z.number());
const jsonFile = z.object({ cases: z.array(z.object({ name: z.string() }).loose()) });
const rpnCase = z.object({
  pred: z.array(numbers),
  target: numbers,
  weight: numbers,
  avg_factor: z.number(),
  loss: z.number(),
  grad_of_sum: z.array(numbers),
});
const json = await readOracleJson('mmdet/losses.json');
for (const item of json === undefined ? [] : jsonFile.parse(json).cases) {
  if (!item.name.startsWith('bce')) continue;
  const { pred, target, weight, avg_factor, loss, grad_of_sum } = rpnCase.parse(item);
  labelCases.push({
    name: `MMDetection ${item.name}`,
    logits: pred.flat(),
    labels: target.map((label, row) => (weight[row] === 0 ? -1 : label)),
    numClasses: pred[0]?.length ?? 0,
    avgFactor: avg_factor,
    expected: { loss, grad: grad_of_sum.flat() },
  });
}
const pack = await readCasepack('ops/losses');
for (const item of pack ?? []) {
  if (item.op !== 'bce_with_logits') continue;
  const logits = Array.from(item.array('logits').data);
  targetCases.push({
    name: `torch ${item.op} ${item.name}`,
    logits,
    targets: Array.from(item.array('targets').data),
    assigned: logits.map(() => 0),
    avgFactor: 1 - 1.1920929e-7,
    expected: { loss: item.number('sum'), grad: item.array('grad_sum').data },
    elements: item.array('none').data,
  });
}
test.skipIf(json === undefined || pack === undefined)(
  'oracles are there (skipped where absent)',
  () => {
    expect([labelCases.length, targetCases.length]).toEqual([9 + 1, 5 + 1]);
  },
);

function scaled({ loss, grad }: LossAndGrad, upstream = 1): LossAndGrad {
  return { loss, grad: Array.from(grad, (value) => value * upstream) };
}

function labelsOnGpu(input: LabelCase) {
  const { logits, labels, numClasses, batch = 1, avgFactor, options, upstream } = input;
  const rows = labels.length / batch;
  const x = tf.tensor3d([...logits], [batch, rows, numClasses]);
  const y = tf.tensor2d([...labels], [batch, rows], 'int32');
  const factor = tf.tensor1d([avgFactor].flat());
  return lossOnGpu(
    (value) => sigmoidCrossEntropyLoss(value, y, factor, options),
    x,
    [y, factor],
    upstream,
  );
}

function upload({ logits, targets, assigned, batch = 1 }: TargetCase) {
  const shape: [number, number] = [batch, logits.length / batch];
  return {
    x: tf.tensor2d([...logits], shape),
    y: tf.tensor2d([...targets], shape),
    positives: tf.tensor2d([...assigned], shape, 'int32'),
  };
}

function targetsOnGpu(input: TargetCase) {
  const { avgFactor, lossWeight = 1, upstream } = input;
  const { x, y, positives } = upload(input);
  const factor = tf.tensor1d([avgFactor].flat());
  return lossOnGpu(
    (value) => binaryCrossEntropyLoss(value, y, positives, factor, { lossWeight }),
    x,
    [y, positives, factor],
    upstream,
  );
}

describeOnBackends<LabelCase, LossAndGrad>('sigmoidCrossEntropyLoss', {
  cases: labelCases,
  reference({ logits, labels, numClasses, avgFactor, options, upstream }) {
    const terms = sigmoidCrossEntropyReference(logits, labels, numClasses, options);
    return scaled(reduceReference(terms, avgFactor, options?.lossWeight), upstream);
  },
  webgpu: labelsOnGpu,
  compare: expectLossClose,
  expected: (input) => input.expected,
});

describeOnBackends<TargetCase, LossAndGrad>('binaryCrossEntropyLoss', {
  cases: targetCases,
  reference({ logits, targets, assigned, avgFactor, lossWeight, upstream }) {
    const terms = binaryCrossEntropyReference(logits, targets, assigned);
    return scaled(reduceReference(terms, avgFactor, lossWeight), upstream);
  },
  webgpu: targetsOnGpu,
  compare: expectLossClose,
  expected: (input) => input.expected,
});

describeOnBackends<TargetCase, ArrayLike<number>>('binaryCrossEntropyLossElements', {
  cases: targetCases,
  reference: ({ logits, targets, assigned, lossWeight = 1 }) =>
    binaryCrossEntropyReference(logits, targets, assigned).values.map(
      (value) => value * lossWeight,
    ),
  webgpu(input) {
    const { x, y, positives } = upload(input);
    const { lossWeight = 1 } = input;
    return elementsOnGpu(
      () => binaryCrossEntropyLossElements(x, y, positives, { lossWeight }),
      [x, y, positives],
    );
  },
  compare: (actual, expected) => expectClose(actual, expected),
  expected: (input) => input.elements,
});

describeOnGpu('binary cross entropy', () => {
  gpuTest('agrees with central differences', async () => {
    const input = randomTargets('differences', 21, 40);
    const { grad } = await targetsOnGpu(input);
    const at = (logits: Float64Array) => {
      const terms = binaryCrossEntropyReference(Array.from(logits), input.targets, input.assigned);
      return reduceReference(terms, input.avgFactor).loss;
    };
    expectClose(grad, centralDifferences(at, input.logits));
  });

  gpuTest('a NaN logit is not hidden, unless it has no weight', async () => {
    const nan = { name: 'NaN', logits: [0, Number.NaN], avgFactor: 1 };
    const byTarget = { ...nan, targets: [0, 1] };
    const bad = await targetsOnGpu({ ...byTarget, assigned: [0, 0] });
    expect(bad.loss).toBeNaN();
    expect(bad.grad[1]).toBeNaN();
    expect(bad.grad[0]).toBeCloseTo(0.5, 5);
    expect((await targetsOnGpu({ ...byTarget, assigned: [0, -1] })).loss).not.toBeNaN();
    const labelled = await labelsOnGpu({ ...nan, labels: [1, 0], numClasses: 1 });
    expect(labelled.loss).toBeNaN();
    expect(labelled.grad[1]).toBeNaN();
  });

  gpuTest('refuses labels of another shape and class weights of another number', async () => {
    await tf.ready();
    const logits = tf.zeros([1, 4, 3]);
    const labels = tf.zeros([1, 4], 'int32');
    const factor = tf.ones([1]);
    expect(() => sigmoidCrossEntropyLoss(logits, factor, factor)).toThrow(/labels must be int32/);
    expect(() => sigmoidCrossEntropyLoss(logits, labels, factor, { classWeight: [1, 2] })).toThrow(
      /classWeight must hold 3 numbers/,
    );
    tf.dispose([logits, labels, factor]);
  });
});
