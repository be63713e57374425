import { expect, test } from 'vitest';
import { z } from 'zod';
import { rng } from '../../base/rng.ts';
import { tf } from '../../tensor/tf.ts';
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
import { smoothL1TermsReference } from './l1-loss.reference.ts';
import { l1Loss, l1LossElements, smoothL1Loss } from './l1-loss.ts';

interface Case {
  readonly name: string;
  /** [rows, 4] */
  readonly pred: readonly number[];
  readonly target: readonly number[];
  /** One per row. */
  readonly assigned: readonly number[];
  readonly batch?: number;
  /** One, or one per image. */
  readonly avgFactor: number | readonly number[];
  /** 0 is the L1 loss. */
  readonly beta: number;
  readonly lossWeight?: number;
  readonly upstream?: number;
  readonly expected?: LossAndGrad;
  readonly elements?: ArrayLike<number>;
}

function randomCase(name: string, seed: number, rows: number, beta: number): Case {
  const random = rng(seed);
  const values = () => Array.from({ length: rows * 4 }, () => Math.fround(random.normal()));
  return {
    name,
    pred: values(),
    target: values(),
    assigned: Array.from({ length: rows }, () => random.int(-2, 3)),
    avgFactor: 11,
    beta,
  };
}

const cases: Case[] = [
  {
    name: 'L1 by hand: a positive, a background and an ignored row',
    pred: [1, -2, 3, 0.5, 9, 9, 9, 9, 9, 9, 9, 9],
    target: [0, 0, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0],
    assigned: [4, -1, -2],
    avgFactor: 2,
    beta: 0,
    expected: { loss: 3.5 / 2, grad: [0.5, -0.5, 0, -0.5, 0, 0, 0, 0, 0, 0, 0, 0] },
  },
  {
    // β = 1: d = 2 → 1.5; d = −½ → ⅛; d = 1 lies on the line, ½; d = 0 → 0.
    name: 'smooth L1 by hand, with loss weight and upstream',
    pred: [2, -0.5, 1, 0],
    target: [0, 0, 0, 0],
    assigned: [0],
    avgFactor: 1,
    beta: 1,
    lossWeight: 2,
    upstream: 3,
    expected: { loss: 4.25, grad: [6, -3, 6, 0] },
  },
  randomCase('L1, one row', 1, 1, 0),
  { ...randomCase('L1, two images, 6000 rows', 2, 6000, 0), batch: 2 },
  randomCase('smooth L1 β = 1/9, 999 rows', 3, 999, 1 / 9),
  { ...randomCase('no positives', 4, 9, 0), assigned: Array.from({ length: 9 }, () => -1) },
  { ...randomCase('L1, one factor per image', 5, 3 * 1100, 0), batch: 3, avgFactor: [9, 1, 400] },
  {
    ...randomCase('smooth L1, one factor per image', 6, 2 * 35, 0.5),
    batch: 2,
    avgFactor: [7, 1],
    lossWeight: 3,
  },
];

const EPS = 1.1920929e-7;
const matrix = z.array(z.array(z.number()));
const jsonFile = z.object({
  cases: z.array(
    z
      .object({
        name: z.string(),
        cfg: z.object({ type: z.string(), beta: z.number().optional() }),
      })
      .loose(),
  ),
});
const regressionCase = z.object({
  pred: matrix,
  target: matrix,
  weight: matrix,
  avg_factor: z.number(),
  loss: z.number(),
  grad_of_sum: matrix,
});

const json = await readOracleJson('mmdet/losses.json');
const pack = await readCasepack('ops/losses');
for (const item of json === undefined ? [] : jsonFile.parse(json).cases) {
  if (item.cfg.type !== 'L1Loss' && item.cfg.type !== 'SmoothL1Loss') continue;
  const { pred, target, weight, avg_factor, loss, grad_of_sum } = regressionCase.parse(item);
  cases.push({
    name: `MMDetection ${item.name}`,
    pred: pred.flat(),
    target: target.flat(),
    assigned: weight.map((row) => (row[0] ?? 0) - 1),
    avgFactor: avg_factor,
    beta: item.cfg.beta ?? 0,
    expected: { loss, grad: grad_of_sum.flat() },
  });
}
for (const item of pack ?? []) {
  if (item.op !== 'l1' && item.op !== 'smooth_l1') continue;
  const pred = Array.from(item.array('pred').data);
  cases.push({
    name: `torch ${item.op} ${item.name}`,
    pred,
    target: Array.from(item.array('target').data),
    assigned: Array.from({ length: pred.length / 4 }, () => 0),
    avgFactor: 1 - EPS,
    beta: item.op === 'l1' ? 0 : item.number('beta'),
    expected: { loss: item.number('sum'), grad: item.array('grad_sum').data },
    elements: item.array('none').data,
  });
}
test.skipIf(json === undefined || pack === undefined)(
  'oracles are there (skipped where absent)',
  () => {
    expect(cases.length).toBe(8 + 4 + 5);
  },
);

function upload({ pred, target, assigned, batch = 1 }: Case) {
  const rows = assigned.length / batch;
  return {
    x: tf.tensor3d([...pred], [batch, rows, 4]),
    y: tf.tensor3d([...target], [batch, rows, 4]),
    positives: tf.tensor2d([...assigned], [batch, rows], 'int32'),
  };
}

function runOnGpu(input: Case): Promise<LossAndGrad> {
  const { avgFactor, beta, lossWeight = 1, upstream } = input;
  const { x, y, positives } = upload(input);
  const factor = tf.tensor1d([avgFactor].flat());
  return lossOnGpu(
    (value) =>
      beta === 0
        ? l1Loss(value, y, positives, factor, { lossWeight })
        : smoothL1Loss(value, y, positives, factor, { lossWeight, beta }),
    x,
    [y, positives, factor],
    upstream,
  );
}

describeOnBackends<Case, LossAndGrad>('l1Loss and smoothL1Loss', {
  cases,
  reference({ pred, target, assigned, avgFactor, upstream = 1, beta, lossWeight }) {
    const terms = smoothL1TermsReference(pred, target, assigned, beta);
    const { loss, grad } = reduceReference(terms, avgFactor, lossWeight);
    return { loss, grad: Array.from(grad, (value) => value * upstream) };
  },
  webgpu: runOnGpu,
  compare: expectLossClose,
  expected: (input) => input.expected,
});

describeOnBackends<Case, ArrayLike<number>>('l1LossElements', {
  cases,
  reference: ({ pred, target, assigned, beta, lossWeight = 1 }) =>
    smoothL1TermsReference(pred, target, assigned, beta).values.map((value) => value * lossWeight),
  webgpu(input) {
    const { x, y, positives } = upload(input);
    const { beta, lossWeight = 1 } = input;
    return elementsOnGpu(
      () => l1LossElements(x, y, positives, { beta, lossWeight }),
      [x, y, positives],
    );
  },
  compare: (actual, expected) => expectClose(actual, expected),
  expected: (input) => input.elements,
});

describeOnGpu('l1Loss', () => {
  gpuTest('a NaN prediction of a positive is not hidden, one of the background is', async () => {
    const bad = [Number.NaN, 0, 0, 0];
    const base = { name: 'NaN', target: [0, 0, 0, 0], avgFactor: 1, pred: bad };
    for (const beta of [0, 1]) {
      const positive = await runOnGpu({ ...base, beta, assigned: [0] });
      expect(positive.loss).toBeNaN();
      const background = await runOnGpu({ ...base, beta, assigned: [-1] });
      expect(background.loss).toBe(0);
    }
  });

  gpuTest('refuses β of 0 and a target of another shape', async () => {
    await tf.ready();
    const pred = tf.zeros([1, 2, 4]);
    const assigned = tf.zeros([1, 2], 'int32');
    const factor = tf.ones([1]);
    expect(() => smoothL1Loss(pred, pred, assigned, factor, { beta: 0 })).toThrow(/beta/);
    expect(() => l1Loss(pred, assigned, assigned, factor)).toThrow(/target must be float32/);
    tf.dispose([pred, assigned, factor]);
  });
});
