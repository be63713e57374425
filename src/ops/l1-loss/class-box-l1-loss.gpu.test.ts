import { expect } from 'vitest';
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
import { classBoxL1TermsReference } from './class-box-l1-loss.reference.ts';
import { classBoxL1Loss } from './class-box-l1-loss.ts';
import type { ClassBoxL1LossOptions } from './class-box-l1-loss.ts';

interface Case {
  readonly name: string;
  /** [R, 4 · boxes] */
  readonly pred: readonly number[];
  readonly target: readonly number[];
  readonly labels: readonly number[];
  readonly avgFactor: number;
  readonly options: ClassBoxL1LossOptions;
  readonly upstream?: number;
  readonly expected?: LossAndGrad;
}

function randomCase(
  name: string,
  rows: number,
  boxes: number,
  options: ClassBoxL1LossOptions,
): Case {
  const random = rng(51, rows, boxes);
  const values = (count: number) =>
    Array.from({ length: count }, () => Math.fround(random.normal()));
  return {
    name,
    pred: values(rows * boxes * 4),
    target: values(rows * 4),
    labels: Array.from({ length: rows }, () => random.int(-1, options.numClasses + 2)),
    avgFactor: rows,
    options,
  };
}

const { NaN: NAN } = Number;
const zeros = (count: number) => Array.from({ length: count }, () => 0);
const cases: Case[] = [
  {
    name: 'by hand: class 1 of 2, background, no label; boxes that do not count may be NaN',
    pred: [NAN, 9, 9, 9, 1, -2, 3, 0.5, ...zeros(4), NAN, 0, 0, 0, ...zeros(8)],
    target: [0, 0, 3, 1, ...zeros(8)],
    labels: [1, 2, -1],
    avgFactor: 2,
    options: { numClasses: 2 },
    expected: { loss: 3.5 / 2, grad: [...zeros(4), 0.5, -0.5, 0, -0.5, ...zeros(16)] },
  },
  {
    // β = 1: d = 2 → 1.5; d = −½ → ⅛.
    name: 'by hand: torchvision’s labels, smooth, with loss weight and upstream',
    pred: [...zeros(4), 2, -0.5, 0, 0, ...zeros(4), 5, 5, 5, 5, ...zeros(8)],
    target: zeros(8),
    labels: [1, 0],
    avgFactor: 1,
    options: { numClasses: 2, labelOffset: 1, beta: 1, lossWeight: 2 },
    upstream: 3,
    expected: { loss: 3.25, grad: [...zeros(4), 6, -3, 0, 0, ...zeros(16)] },
  },
  randomCase('one row of one class', 1, 1, { numClasses: 1 }),
  randomCase('1037 rows of 20 classes', 1037, 20, { numClasses: 20 }),
  randomCase('torchvision’s 21 boxes, β = 1/9', 333, 21, {
    numClasses: 20,
    labelOffset: 1,
    beta: 1 / 9,
  }),
  randomCase('one box for all classes', 333, 1, { numClasses: 20, lossWeight: 2 }),
  {
    ...randomCase('no positives', 5, 3, { numClasses: 3 }),
    labels: [3, 3, -1, 3, 3],
    avgFactor: 0,
    expected: { loss: 0, grad: zeros(60) },
  },
];

function reference({ avgFactor, upstream = 1, target, options, ...rows }: Case): LossAndGrad {
  const { beta, lossWeight, ...classes } = options;
  const terms = classBoxL1TermsReference({ ...rows, ...classes }, target, beta);
  const { loss, grad } = reduceReference(terms, avgFactor, lossWeight);
  return { loss, grad: Array.from(grad, (value) => value * upstream) };
}

function runOnGpu({ pred, target, labels, avgFactor, options, upstream }: Case) {
  const rows = labels.length;
  const x = tf.tensor2d([...pred], [rows, pred.length / rows]);
  const y = tf.tensor2d([...target], [rows, 4]);
  const classes = tf.tensor1d([...labels], 'int32');
  const factor = tf.tensor1d([avgFactor]);
  return lossOnGpu(
    (value) => classBoxL1Loss(value, y, classes, factor, options),
    x,
    [y, classes, factor],
    upstream,
  );
}

describeOnBackends<Case, LossAndGrad>('classBoxL1Loss', {
  cases,
  reference,
  webgpu: runOnGpu,
  compare: expectLossClose,
  expected: (input) => input.expected,
});

describeOnGpu('classBoxL1Loss', () => {
  gpuTest('agrees with central differences', async () => {
    const input = randomCase('differences', 9, 4, { numClasses: 4, beta: 0.5 });
    const { grad } = await runOnGpu(input);
    const at = (pred: Float64Array) => reference({ ...input, pred: Array.from(pred) }).loss;
    expectClose(grad, centralDifferences(at, input.pred));
  });

  gpuTest('a NaN of the row’s class is not hidden', async () => {
    const base = { name: 'NaN', target: zeros(4), labels: [1], avgFactor: 1 };
    const pred = [0, 0, 0, 0, 0, NAN, 0, 0];
    for (const beta of [0, 1]) {
      const result = await runOnGpu({ ...base, pred, options: { numClasses: 2, beta } });
      expect(result.loss).toBeNaN();
    }
  });

  gpuTest('refuses a number of boxes that fits neither form', async () => {
    await tf.ready();
    const pred = tf.zeros([2, 12]);
    const target = tf.zeros([2, 4]);
    const labels = tf.zeros([2], 'int32');
    const factor = tf.ones([1]);
    const loss = (options: ClassBoxL1LossOptions) => () =>
      classBoxL1Loss(pred, target, labels, factor, options);
    expect(loss({ numClasses: 3, labelOffset: 1 })).toThrow(/\[R, 4\] or \[R, 16\]/);
    expect(loss({ numClasses: 3, beta: -1 })).toThrow(/beta/);
    tf.dispose([pred, target, labels, factor]);
  });
});
