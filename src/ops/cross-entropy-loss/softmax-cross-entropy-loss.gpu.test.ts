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
import { softmaxCrossEntropyReference } from './softmax-cross-entropy-loss.reference.ts';
import {
  softmaxCrossEntropyLoss,
  softmaxCrossEntropyLossElements,
} from './softmax-cross-entropy-loss.ts';
import type { SoftmaxCrossEntropyOptions } from './softmax-cross-entropy-loss.ts';

interface Case {
  readonly name: string;
  /** [R, C] */
  readonly logits: readonly number[];
  readonly labels: readonly number[];
  readonly avgFactor: number;
  readonly options?: SoftmaxCrossEntropyOptions;
  readonly upstream?: number;
  /** The gradient alone where a source does not give the sum. */
  readonly expected?: Partial<LossAndGrad>;
  readonly elements?: ArrayLike<number>;
}

/** Average factor 1, as PyTorch's sums have it. */
const ONE = 1 - 1.1920929e-7;
const zeros = (count: number) => Array.from({ length: count }, () => 0);

function randomCase(name: string, seed: number, rows: number, classes: number): Case {
  const random = rng(seed);
  return {
    name,
    logits: Array.from({ length: rows * classes }, () => Math.fround(random.normal() * 4)),
    labels: Array.from({ length: rows }, () => random.int(-1, classes)),
    avgFactor: rows,
  };
}

const cases: Case[] = [
  {
    name: 'by hand: equal logits, a row without weight, loss weight and upstream',
    logits: [3, 3, 3, 3, 9, 9, 9, 9],
    labels: [1, -1],
    avgFactor: 2,
    options: { lossWeight: 2 },
    upstream: 3,
    expected: { loss: Math.log(4), grad: [0.75, -2.25, 0.75, 0.75, 0, 0, 0, 0] },
  },
  {
    // p = (¾, ¼); class 1 is the background.
    name: 'by hand: class weights, and pos_weight of rows with an object',
    logits: [Math.log(3), 0, Math.log(3), 0],
    labels: [0, 1],
    avgFactor: 1,
    options: { classWeight: [5, 3], posWeight: 2 },
    expected: { loss: 10 * Math.log(4 / 3) + 3 * Math.log(4), grad: [-2.5, 2.5, 2.25, -2.25] },
  },
  {
    name: 'by hand: torchvision’s background',
    logits: [0, 0, 0, 0],
    labels: [0, 1],
    avgFactor: 1,
    options: { posWeight: 2, background: 0 },
    expected: { loss: 3 * Math.LN2, grad: [-0.5, 0.5, 1, -1] },
  },
  {
    name: 'a sure row keeps its small loss and slope',
    logits: [20, 0, 0, 8],
    labels: [0, 1],
    avgFactor: 1e-6,
  },
  randomCase('one row of one class', 1, 1, 1),
  randomCase('1024 rows of 81 classes', 2, 1024, 81),
  randomCase('5 rows of 2000 classes', 3, 5, 2000),
  randomCase('300 rows of 64 classes', 4, 300, 64),
  { ...randomCase('no class weighs 0', 5, 40, 3), options: { classWeight: [0, 0, 0] } },
  {
    ...randomCase('nothing has weight', 6, 3, 5),
    labels: [-1, -100, -1],
    avgFactor: 0,
    expected: { loss: 0, grad: zeros(15) },
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
  from_mmdet2_tests_ce: z.object({
    pred: z.array(numbers),
    label: numbers,
    'class_weight_0.8_0.2': z.number(),
    plain: z.number(),
  }),
});
const softmaxCase = z.object({
  pred: z.array(numbers),
  target: numbers,
  weight: numbers,
  avg_factor: z.number(),
  loss: z.number(),
  grad_of_sum: z.array(numbers),
});
const json = await readOracleJson('mmdet/losses.json');
if (json !== undefined) {
  const file = jsonFile.parse(json);
  for (const item of file.cases) {
    if (item.cfg.type !== 'CrossEntropyLoss' || item.cfg.use_sigmoid) continue;
    const { pred, target, weight, avg_factor, loss, grad_of_sum } = softmaxCase.parse(item);
    cases.push({
      name: `MMDetection ${item.name}`,
      logits: pred.flat(),
      labels: target.map((label, row) => (weight[row] === 0 ? -1 : label)),
      avgFactor: avg_factor,
      expected: { loss, grad: grad_of_sum.flat() },
    });
  }
  const { pred, label, plain, 'class_weight_0.8_0.2': weighted } = file.from_mmdet2_tests_ce;
  const upstream = { logits: pred.flat(), labels: label, avgFactor: ONE };
  cases.push(
    { ...upstream, name: 'MMDetection’s own test', expected: { loss: plain } },
    {
      ...upstream,
      name: 'MMDetection’s own test, class weights',
      options: { classWeight: [0.8, 0.2] },
      expected: { loss: weighted },
    },
  );
}
const pack = await readCasepack('ops/losses');
for (const item of pack ?? []) {
  if (item.op !== 'cross_entropy') continue;
  const labels = Array.from(item.array('labels').data);
  const classWeight = item.has('weight') ? Array.from(item.array('weight').data) : undefined;
  // PyTorch's mean divides by the weights of the labels that count.
  const total = labels.reduce(
    (sum, label) => sum + (label < 0 ? 0 : (classWeight?.[label] ?? 1)),
    0,
  );
  const mean = item.has('mean');
  cases.push({
    name: `torch cross_entropy ${item.name}`,
    logits: Array.from(item.array('logits').data),
    labels,
    avgFactor: mean ? total : ONE,
    ...(classWeight ? { options: { classWeight } } : {}),
    expected: {
      ...(mean ? { loss: item.number('mean') } : {}),
      grad: item.array(mean ? 'grad_mean' : 'grad_sum').data,
    },
    elements: item.array('none').data,
  });
}
test.skipIf(json === undefined || pack === undefined)(
  'oracles are there (skipped where absent)',
  () => {
    expect(cases.length).toBe(10 + 3 + 4);
  },
);

function upload({ logits, labels }: Case) {
  return {
    x: tf.tensor2d([...logits], [labels.length, logits.length / labels.length]),
    y: tf.tensor1d([...labels], 'int32'),
  };
}

function runOnGpu(input: Case): Promise<LossAndGrad> {
  const { x, y } = upload(input);
  const factor = tf.tensor1d([input.avgFactor]);
  return lossOnGpu(
    (value) => softmaxCrossEntropyLoss(value, y, factor, input.options),
    x,
    [y, factor],
    input.upstream,
  );
}

function reference({ logits, labels, avgFactor, options, upstream = 1 }: Case): LossAndGrad {
  const terms = softmaxCrossEntropyReference(logits, labels, options);
  const { loss, grad } = reduceReference(terms, avgFactor, options?.lossWeight);
  return { loss, grad: Array.from(grad, (value) => value * upstream) };
}

describeOnBackends<Case, LossAndGrad>('softmaxCrossEntropyLoss', {
  cases,
  reference,
  webgpu: runOnGpu,
  compare: expectLossClose,
  // What a source leaves out is the twin's own.
  expected: (input) => (input.expected ? { ...reference(input), ...input.expected } : undefined),
});

describeOnBackends<Case, ArrayLike<number>>('softmaxCrossEntropyLossElements', {
  cases,
  reference: ({ logits, labels, options }) =>
    softmaxCrossEntropyReference(logits, labels, options).values.map(
      (value) => value * (options?.lossWeight ?? 1),
    ),
  webgpu(input) {
    const { x, y } = upload(input);
    return elementsOnGpu(() => softmaxCrossEntropyLossElements(x, y, input.options), [x, y]);
  },
  compare: (actual, expected) => expectClose(actual, expected),
  expected: (input) => input.elements,
});

describeOnGpu('softmaxCrossEntropyLoss', () => {
  gpuTest('agrees with central differences', async () => {
    const input = randomCase('differences', 21, 9, 7);
    const { grad } = await runOnGpu(input);
    const at = (logits: Float64Array) => reference({ ...input, logits: Array.from(logits) }).loss;
    expectClose(grad, centralDifferences(at, input.logits));
  });

  gpuTest('a NaN logit is not hidden, unless its row has no weight', async () => {
    for (const at of [0, 1, 70]) {
      const logits = zeros(160).with(at, Number.NaN);
      const base = { name: 'NaN', logits, avgFactor: 1 };
      const bad = await runOnGpu({ ...base, labels: [1, 1] });
      expect(bad.loss).toBeNaN();
      expect(bad.grad[0]).toBeNaN();
      expect(bad.grad[80]).toBeCloseTo(1 / 80, 5);
      const ignored = await runOnGpu({ ...base, labels: [-1, 1] });
      expect(ignored.loss).toBeCloseTo(Math.log(80), 4);
      expect(ignored.grad[at]).toBe(0);
    }
  });

  gpuTest('a label beyond the classes gives NaN', async () => {
    const result = await runOnGpu({ name: '', logits: [0, 0, 0], labels: [3], avgFactor: 1 });
    expect(result.loss).toBeNaN();
    expect(result.grad[0]).toBeNaN();
  });

  gpuTest('gives the same bits each time', async () => {
    const input = randomCase('repeat', 22, 400, 81);
    const runs = await Promise.all([runOnGpu(input), runOnGpu(input)]);
    expect(runs[0]).toEqual(runs[1]);
  });

  gpuTest('refuses labels of another number and class weights of another number', async () => {
    await tf.ready();
    const logits = tf.zeros([2, 3]);
    const labels = tf.zeros([2], 'int32');
    const factor = tf.ones([1]);
    expect(() => softmaxCrossEntropyLoss(logits, factor, factor)).toThrow(/labels must be int32/);
    expect(() => softmaxCrossEntropyLoss(logits, labels, factor, { classWeight: [1] })).toThrow(
      /classWeight must hold 3 numbers/,
    );
    tf.dispose([logits, labels, factor]);
  });
});
