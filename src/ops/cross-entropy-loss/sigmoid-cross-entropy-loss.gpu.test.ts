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
import { expectLossClose, lossOnGpu } from '../loss-sum/loss-on-gpu.ts';
import { reduceReference } from '../loss-sum/loss-terms.reference.ts';
import { readOracleJson } from '../oracle/casepack.ts';
import { sigmoidCrossEntropyReference } from './sigmoid-cross-entropy-loss.reference.ts';
import { sigmoidCrossEntropyLoss } from './sigmoid-cross-entropy-loss.ts';
import type { SigmoidCrossEntropyOptions } from './sigmoid-cross-entropy-loss.ts';

interface Case {
  readonly name: string;
  /** [rows, K] */
  readonly logits: readonly number[];
  readonly labels: readonly number[];
  readonly numClasses: number;
  readonly batch?: number;
  /** One, or one per image. */
  readonly avgFactor: number | readonly number[];
  readonly options?: SigmoidCrossEntropyOptions;
  readonly upstream?: number;
  readonly expected?: LossAndGrad;
}

const EXTREME = [-1e4, 1e4, -90, 90, -40, 40];
const zeros = (count: number) => Array.from({ length: count }, () => 0);

function randomCase(name: string, seed: number, rows: number, numClasses: number): Case {
  const random = rng(seed);
  return {
    name,
    logits: Array.from({ length: rows * numClasses }, () => Math.fround(random.normal() * 4)),
    labels: Array.from({ length: rows }, () => random.int(-1, numClasses + 1)),
    numClasses,
    avgFactor: 7,
  };
}

const cases: Case[] = [
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
  randomCase('one row of one class', 1, 1, 1),
  { ...randomCase('two images of 1501 anchors, one class', 2, 3002, 1), batch: 2 },
  randomCase('2000 rows of 20 classes', 3, 2000, 20),
  { ...randomCase('class weights', 4, 33, 4), options: { classWeight: [0.5, 0, 2, 1] } },
  { ...randomCase('one factor per image', 5, 3 * 701, 3), batch: 3, avgFactor: [3, 50, 1] },
  {
    ...randomCase('nothing has weight', 6, 3, 2),
    labels: [-1, -1, -1],
    avgFactor: 0,
    expected: { loss: 0, grad: zeros(6) },
  },
];

const numbers = z.array(z.number());
const jsonFile = z.object({
  cases: z.array(
    z
      .object({
        name: z.string(),
        cfg: z.object({ type: z.string(), use_sigmoid: z.boolean().optional() }),
      })
      .loose(),
  ),
});
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
  if (item.cfg.type !== 'CrossEntropyLoss' || !item.cfg.use_sigmoid) continue;
  const { pred, target, weight, avg_factor, loss, grad_of_sum } = rpnCase.parse(item);
  cases.push({
    name: `MMDetection ${item.name}`,
    logits: pred.flat(),
    labels: target.map((label, row) => (weight[row] === 0 ? -1 : label)),
    numClasses: pred[0]?.length ?? 0,
    avgFactor: avg_factor,
    expected: { loss, grad: grad_of_sum.flat() },
  });
}
test.skipIf(json === undefined)('oracle losses is there (skipped where absent)', () => {
  expect(cases.length).toBe(9 + 1);
});

function runOnGpu(input: Case) {
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

describeOnBackends<Case, LossAndGrad>('sigmoidCrossEntropyLoss', {
  cases,
  reference({ logits, labels, numClasses, avgFactor, options, upstream = 1 }) {
    const terms = sigmoidCrossEntropyReference(logits, labels, numClasses, options);
    const { loss, grad } = reduceReference(terms, avgFactor, options?.lossWeight);
    return { loss, grad: Array.from(grad, (value) => value * upstream) };
  },
  webgpu: runOnGpu,
  compare: expectLossClose,
  expected: (input) => input.expected,
});

describeOnGpu('sigmoidCrossEntropyLoss', () => {
  gpuTest('agrees with central differences', async () => {
    const options = { classWeight: [2, 0.5, 1], posWeight: 3 };
    const input = { ...randomCase('differences', 21, 12, 3), options };
    const { grad } = await runOnGpu(input);
    const at = (logits: Float64Array) => {
      const terms = sigmoidCrossEntropyReference(Array.from(logits), input.labels, 3, options);
      return reduceReference(terms, input.avgFactor).loss;
    };
    expectClose(grad, centralDifferences(at, input.logits));
  });

  gpuTest('a NaN logit is not hidden, unless it has no weight', async () => {
    const base = { name: 'NaN', logits: [0, Number.NaN], numClasses: 1, avgFactor: 1 };
    const bad = await runOnGpu({ ...base, labels: [1, 0] });
    expect(bad.loss).toBeNaN();
    expect(bad.grad[1]).toBeNaN();
    expect(bad.grad[0]).toBeCloseTo(0.5, 5);
    expect((await runOnGpu({ ...base, labels: [1, -1] })).loss).toBeCloseTo(Math.LN2, 5);
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
