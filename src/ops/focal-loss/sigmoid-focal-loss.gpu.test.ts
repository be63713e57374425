import { expect, test } from 'vitest';
import { z } from 'zod';
import { rng } from '../../base/rng.ts';
import { tf } from '../../tensor/tf.ts';
import { describeOnBackends, describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import type { LossAndGrad } from '../loss-sum/loss-and-grad.ts';
import { expectLossClose, lossOnGpu } from '../loss-sum/loss-on-gpu.ts';
import { readCasepack, readOracleJson } from '../oracle/casepack.ts';
import { focalLossReference } from './sigmoid-focal-loss.reference.ts';
import { sigmoidFocalLoss } from './sigmoid-focal-loss.ts';
import type { FocalLossOptions } from './sigmoid-focal-loss.ts';

interface Case {
  readonly name: string;
  /** [rows, K] */
  readonly logits: readonly number[];
  readonly labels: readonly number[];
  readonly numClasses: number;
  readonly batch?: number;
  readonly avgFactor: number;
  readonly upstream?: number;
  readonly options?: FocalLossOptions;
  readonly expected?: LossAndGrad;
}

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

const quarterLn2 = Math.LN2 / 4;
const cases: Case[] = [
  {
    // x = 0: p = ½, so each term is α_t · ¼ · ln 2, and its derivative ∓ α_t ¼ (2 · ½ · ln 2 + ½).
    name: 'logits 0, by hand: target, other class, background, no weight',
    logits: [0, 0, 0, 0, 0, 0],
    labels: [0, 2, -1],
    numClasses: 2,
    avgFactor: 1,
    expected: {
      loss: (0.25 + 3 * 0.75) * quarterLn2,
      grad: [-0.25, 0.75, 0.75, 0.75, 0, 0].map((w) => (w / 4) * (Math.LN2 + 0.5)),
    },
  },
  {
    name: 'upstream, loss weight and average factor scale both',
    logits: [0],
    labels: [0],
    numClasses: 1,
    avgFactor: 4,
    upstream: 3,
    options: { lossWeight: 2 },
    expected: { loss: (2 / 4) * 0.25 * quarterLn2, grad: [((-3 * 2) / 4 / 16) * (Math.LN2 + 0.5)] },
  },
  {
    name: 'extreme logits stay finite',
    logits: [-1e4, 1e4, -90, 90, -40, 40, -1e4, 1e4, -90, 90, -40, 40],
    labels: [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1],
    numClasses: 1,
    avgFactor: 1e4,
  },
  randomCase('one row of 80 classes', 1, 1, 80),
  { ...randomCase('two images, 3000 terms', 2, 1000, 3), batch: 2 },
  randomCase('40 000 terms: several workgroups', 3, 2000, 20),
  { ...randomCase('gamma 1.5', 4, 33, 5), options: { gamma: 1.5 } },
  { ...randomCase('gamma 0', 5, 33, 5), options: { gamma: 0, alpha: 0.5 } },
  { ...randomCase('no alpha', 6, 33, 5), options: { alpha: -1 } },
  { ...randomCase('nothing has weight', 7, 9, 5), labels: Array.from({ length: 9 }, () => -1) },
];

const jsonFile = z.object({
  cases: z.array(
    z.object({
      name: z.string(),
      pred: z.array(z.array(z.number())),
      target: z.array(z.unknown()),
      weight: z.array(z.unknown()).nullable(),
      avg_factor: z.number().nullable(),
      loss: z.unknown(),
      grad_of_sum: z.array(z.unknown()),
    }),
  ),
  from_mmcv_tests_focal: z.object({
    cases: z.array(
      z.object({
        x: z.array(z.array(z.number())),
        y: z.array(z.number()),
        sigmoid_loss: z.number(),
      }),
    ),
  }),
});
const EPS = 1.1920929e-7;
const numbers = z.array(z.number());

const json = await readOracleJson('mmdet/losses.json');
const pack = await readCasepack('ops/losses');
const mmcv: { readonly input: Case; readonly loss: number }[] = [];
if (json !== undefined) {
  const file = jsonFile.parse(json);
  for (const item of file.cases) {
    // The case without an average factor is a plain mean: the same as one of all terms.
    if (item.name !== 'focal_avgfactor' && item.name !== 'focal_mean_noavg') continue;
    const weight = item.weight === null ? undefined : numbers.parse(item.weight);
    cases.push({
      name: `MMDetection ${item.name}`,
      logits: item.pred.flat(),
      labels: numbers
        .parse(item.target)
        .map((label, row) => ((weight?.[row] ?? 1) === 0 ? -1 : label)),
      numClasses: item.pred[0]?.length ?? 0,
      avgFactor: item.avg_factor ?? item.pred.flat().length,
      expected: {
        loss: z.number().parse(item.loss),
        grad: z.array(numbers).parse(item.grad_of_sum).flat(),
      },
    });
  }
  for (const [index, { x, y, sigmoid_loss }] of file.from_mmcv_tests_focal.cases.entries()) {
    mmcv.push({
      input: {
        name: `mmcv’s own test ${index}`,
        logits: x.flat(),
        labels: y,
        numClasses: x[0]?.length ?? 0,
        avgFactor: x.length,
      },
      loss: sigmoid_loss,
    });
  }
}
for (const item of pack ?? []) {
  // The 'empty' case has no rows, which no batch has.
  if (item.op !== 'sigmoid_focal_loss' || item.name === 'empty') continue;
  const logits = Array.from(item.array('logits').data);
  const options = { alpha: item.number('alpha'), gamma: item.number('gamma') };
  const grad = item.array('grad_sum').data;
  const common = { name: `torchvision ${item.name}`, logits, avgFactor: 1 - EPS, options };
  if (item.has('labels')) {
    cases.push({
      ...common,
      labels: Array.from(item.array('labels').data),
      numClasses: item.array('logits').shape[1] ?? 0,
      expected: { loss: item.number('sum'), grad },
    });
  } else {
    // Given as a matrix of 0 and 1: every logit is a row of one class.
    cases.push({
      ...common,
      labels: Array.from(item.array('targets').data, (target) => 1 - target),
      numClasses: 1,
      expected: {
        loss: Array.from(item.array('none').data).reduce((sum, value) => sum + value, 0),
        grad,
      },
    });
  }
}
test.skipIf(json === undefined || pack === undefined)(
  'oracles are there (skipped where absent)',
  () => {
    expect(cases.length).toBe(10 + 2 + 5);
  },
);

function runOnGpu({ logits, labels, numClasses, batch = 1, avgFactor, upstream, options }: Case) {
  const rows = labels.length / batch;
  const x = tf.tensor3d([...logits], [batch, rows, numClasses]);
  const y = tf.tensor2d([...labels], [batch, rows], 'int32');
  const factor = tf.tensor1d([avgFactor]);
  return lossOnGpu(
    (value) => sigmoidFocalLoss(value, y, factor, options),
    x,
    [y, factor],
    upstream,
  );
}

describeOnBackends<Case, LossAndGrad>('sigmoidFocalLoss', {
  cases,
  reference({ logits, labels, numClasses, avgFactor, upstream = 1, options }) {
    const { loss, grad } = focalLossReference(logits, labels, numClasses, avgFactor, options);
    return { loss, grad: Array.from(grad, (value) => value * upstream) };
  },
  webgpu: runOnGpu,
  compare: expectLossClose,
  expected: (input) => input.expected,
});

describeOnGpu('sigmoidFocalLoss', () => {
  for (const { input, loss } of mmcv) {
    gpuTest(input.name, async () => {
      const result = await runOnGpu(input);
      // Upstream compares with rtol 1e-2.
      expect(Math.abs(result.loss / loss - 1)).toBeLessThan(1e-2);
    });
  }

  gpuTest('a NaN logit is not hidden', async () => {
    const result = await runOnGpu({
      name: 'NaN',
      logits: [0, Number.NaN, 0],
      labels: [1, 0, 1],
      numClasses: 1,
      avgFactor: 1,
    });
    expect(result.loss).toBeNaN();
    expect(result.grad[1]).toBeNaN();
    expect(result.grad[0]).not.toBeNaN();
  });

  gpuTest('gives the same bits each time', async () => {
    const input = randomCase('repeat', 9, 3000, 20);
    const runs = await Promise.all([runOnGpu(input), runOnGpu(input)]);
    expect(runs[0]).toEqual(runs[1]);
  });

  gpuTest('agrees with finite differences', async () => {
    const input = randomCase('differences', 10, 4, 3);
    const { grad } = await runOnGpu(input);
    const step = 1e-2;
    for (const [index, value] of input.logits.entries()) {
      const at = (x: number) => runOnGpu({ ...input, logits: input.logits.with(index, x) });
      const [high, low] = await Promise.all([at(value + step), at(value - step)]);
      const slope = (high.loss - low.loss) / (2 * step);
      expect(Math.abs(slope - (grad[index] ?? Number.NaN))).toBeLessThan(1e-3);
    }
  });

  gpuTest('refuses labels of another shape', async () => {
    await tf.ready();
    const logits = tf.zeros([1, 4, 3]);
    const labels = tf.zeros([1, 3], 'int32');
    const factor = tf.ones([1]);
    expect(() => sigmoidFocalLoss(logits, labels, factor)).toThrow(/labels must be int32 \[1, 4\]/);
    tf.dispose([logits, labels, factor]);
  });
});
