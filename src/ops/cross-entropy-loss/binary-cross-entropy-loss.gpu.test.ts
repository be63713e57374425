import { expect, test } from 'vitest';
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
import { readCasepack } from '../oracle/casepack.ts';
import { binaryCrossEntropyReference } from './binary-cross-entropy-loss.reference.ts';
import {
  binaryCrossEntropyLoss,
  binaryCrossEntropyLossElements,
} from './binary-cross-entropy-loss.ts';

interface Case {
  readonly name: string;
  /** [rows] */
  readonly logits: readonly number[];
  readonly targets: readonly number[];
  readonly assigned: readonly number[];
  readonly batch?: number;
  /** One, or one per image. */
  readonly avgFactor: number | readonly number[];
  readonly lossWeight?: number;
  readonly upstream?: number;
  readonly expected?: LossAndGrad;
  readonly elements?: ArrayLike<number>;
}

function randomCase(name: string, seed: number, rows: number): Case {
  const random = rng(seed);
  const list = (draw: () => number) => Array.from({ length: rows }, draw);
  return {
    name,
    logits: list(() => Math.fround(random.normal() * 4)),
    targets: list(() => Math.fround(random.float())),
    assigned: list(() => random.int(-2, 3)),
    avgFactor: 7,
  };
}

const cases: Case[] = [
  {
    // p = ½ and ¾: −½ ln ¾ − ½ ln ¼.
    name: 'logits 0 and ln 3, by hand; upstream',
    logits: [0, Math.log(3), 5],
    targets: [0.25, 0.5, 1],
    assigned: [0, 4, -1],
    avgFactor: 2,
    upstream: 3,
    expected: { loss: (Math.LN2 + Math.log(16 / 3) / 2) / 2, grad: [0.75 / 2, 0.75 / 2, 0] },
  },
  randomCase('one', 11, 1),
  { ...randomCase('two images of 2101 points', 12, 4202), batch: 2, lossWeight: 2 },
  { ...randomCase('one factor per image', 13, 3 * 65), batch: 3, avgFactor: [3, 5, 1] },
  {
    ...randomCase('nothing has weight', 14, 3),
    assigned: [-1, -2, -1],
    avgFactor: 0,
    expected: { loss: 0, grad: [0, 0, 0] },
  },
];

const pack = await readCasepack('ops/losses');
for (const item of pack ?? []) {
  if (item.op !== 'bce_with_logits') continue;
  const logits = Array.from(item.array('logits').data);
  cases.push({
    name: `torch ${item.op} ${item.name}`,
    logits,
    targets: Array.from(item.array('targets').data),
    assigned: logits.map(() => 0),
    avgFactor: 1 - 1.1920929e-7,
    expected: { loss: item.number('sum'), grad: item.array('grad_sum').data },
    elements: item.array('none').data,
  });
}
test.skipIf(pack === undefined)('oracle losses is there (skipped where absent)', () => {
  expect(cases.length).toBe(5 + 1);
});

function upload({ logits, targets, assigned, batch = 1 }: Case) {
  const shape: [number, number] = [batch, logits.length / batch];
  return {
    x: tf.tensor2d([...logits], shape),
    y: tf.tensor2d([...targets], shape),
    positives: tf.tensor2d([...assigned], shape, 'int32'),
  };
}

function runOnGpu(input: Case): Promise<LossAndGrad> {
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

describeOnBackends<Case, LossAndGrad>('binaryCrossEntropyLoss', {
  cases,
  reference({ logits, targets, assigned, avgFactor, lossWeight, upstream = 1 }) {
    const terms = binaryCrossEntropyReference(logits, targets, assigned);
    const { loss, grad } = reduceReference(terms, avgFactor, lossWeight);
    return { loss, grad: Array.from(grad, (value) => value * upstream) };
  },
  webgpu: runOnGpu,
  compare: expectLossClose,
  expected: (input) => input.expected,
});

describeOnBackends<Case, ArrayLike<number>>('binaryCrossEntropyLossElements', {
  cases,
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

describeOnGpu('binaryCrossEntropyLoss', () => {
  gpuTest('agrees with central differences', async () => {
    const input = randomCase('differences', 21, 40);
    const { grad } = await runOnGpu(input);
    const at = (logits: Float64Array) => {
      const terms = binaryCrossEntropyReference(Array.from(logits), input.targets, input.assigned);
      return reduceReference(terms, input.avgFactor).loss;
    };
    expectClose(grad, centralDifferences(at, input.logits));
  });

  gpuTest('a NaN logit is not hidden, unless it has no weight', async () => {
    const base = { name: 'NaN', logits: [0, Number.NaN], targets: [0, 1], avgFactor: 1 };
    const bad = await runOnGpu({ ...base, assigned: [0, 0] });
    expect(bad.loss).toBeNaN();
    expect(bad.grad[1]).toBeNaN();
    expect(bad.grad[0]).toBeCloseTo(0.5, 5);
    expect((await runOnGpu({ ...base, assigned: [0, -1] })).loss).toBeCloseTo(Math.LN2, 5);
  });

  gpuTest('refuses targets of another shape', async () => {
    await tf.ready();
    const logits = tf.zeros([1, 4]);
    const targets = tf.zeros([1, 3]);
    const assigned = tf.zeros([1, 4], 'int32');
    const factor = tf.ones([1]);
    expect(() => binaryCrossEntropyLoss(logits, targets, assigned, factor)).toThrow(
      /targets must be float32 \[1, 4\]/,
    );
    tf.dispose([logits, targets, assigned, factor]);
  });
});
