import { expect, test } from 'vitest';
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
import { readFocalOracle } from './sigmoid-focal-loss.oracle.ts';
import type { FocalCase as Case } from './sigmoid-focal-loss.oracle.ts';
import { focalTermsReference } from './sigmoid-focal-loss.reference.ts';
import { sigmoidFocalLoss, sigmoidFocalLossElements } from './sigmoid-focal-loss.ts';

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
  {
    ...randomCase('nothing has weight, and no average factor', 7, 3, 5),
    labels: [-1, -1, -1],
    avgFactor: 0,
    expected: { loss: 0, grad: Array.from({ length: 15 }, () => 0) },
  },
  { ...randomCase('rows with a class weigh 2.5', 8, 33, 5), options: { posWeight: 2.5 } },
  { ...randomCase('a pos_weight of −1 is 1', 8, 33, 5), options: { posWeight: -1 } },
  { ...randomCase('one factor per image', 9, 3 * 701, 3), batch: 3, avgFactor: [3, 50, 1] },
  {
    // Terms as above: the first image has ¼ + ¾, the second 2 · ¾, times ¼ ln 2.
    name: 'one factor per image, by hand',
    logits: [0, 0, 0, 0],
    labels: [0, 2],
    numClasses: 2,
    batch: 2,
    avgFactor: [2, 4],
    expected: {
      loss: ((1 / 2 + 1.5 / 4) / 2) * quarterLn2,
      grad: [-0.25 / 2, 0.75 / 2, 0.75 / 4, 0.75 / 4].map((w) => (w / 8) * (Math.LN2 + 0.5)),
    },
  },
];

const oracle = await readFocalOracle();
cases.push(...(oracle?.cases ?? []));
test.skipIf(oracle === undefined)('oracles are there (skipped where absent)', () => {
  expect(cases.length).toBe(15 + 3 + 9);
});

function upload({ logits, labels, asMatrix, numClasses, batch = 1 }: Case) {
  const rows = labels.length / batch;
  const x = tf.tensor3d([...logits], [batch, rows, numClasses]);
  const matrix = logits.map((_, index) =>
    labels[Math.floor(index / numClasses)] === index % numClasses ? 1 : 0,
  );
  const y = asMatrix
    ? tf.tensor3d(matrix, [batch, rows, numClasses])
    : tf.tensor2d([...labels], [batch, rows], 'int32');
  return { x, y };
}

function runOnGpu(input: Case) {
  const { avgFactor, upstream, options } = input;
  const { x, y } = upload(input);
  const factor = tf.tensor1d([avgFactor].flat());
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
    const terms = focalTermsReference(logits, labels, numClasses, options);
    const { loss, grad } = reduceReference(terms, avgFactor, options?.lossWeight);
    return { loss, grad: Array.from(grad, (value) => value * upstream) };
  },
  webgpu: runOnGpu,
  compare: expectLossClose,
  expected: (input) => input.expected,
});

describeOnBackends<Case, ArrayLike<number>>('sigmoidFocalLossElements', {
  cases: cases.filter(({ elements, batch }) => elements !== undefined || batch !== undefined),
  reference: ({ logits, labels, numClasses, options }) =>
    focalTermsReference(logits, labels, numClasses, options).values,
  webgpu(input) {
    const { x, y } = upload(input);
    return elementsOnGpu(() => sigmoidFocalLossElements(x, y, input.options), [x, y]);
  },
  compare: (actual, expected) => expectClose(actual, expected),
  expected: (input) => input.elements,
});

describeOnGpu('sigmoidFocalLoss', () => {
  for (const { input, loss } of oracle?.mmcv ?? []) {
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
