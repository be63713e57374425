import type { PackedCase } from '../../ops/oracle/parse-casepack.ts';
import { opAdapter } from '../op-adapter.ts';
import type { OpAdapter, Outputs } from '../op-adapter.ts';
import { runTwin } from '../oracle-case.ts';
import type { Backend } from '../oracle-case.ts';
import { smoothL1Twin } from './box-losses.ts';
import { binaryTwin, focalTwin, softmaxTwin } from './classification-losses.ts';
import type { LossResult } from './loss-result.ts';
import { EPS } from './loss-result.ts';

/** The reductions of PyTorch: a sum, and the mean over `count` (terms, or the weights of labels). */
const RESULTS = {
  none: 'sum',
  sum: 'sum',
  mean: 'sum',
  grad_sum: 'sum',
  grad_mean: 'sum',
  softmax: 'sum',
} as const;

interface Reductions {
  /** Runs the loss with a divisor. */
  readonly run: (backend: Backend, avgFactor: number) => Promise<LossResult>;
  /** What the mean divides by. */
  readonly count: number;
  readonly extra?: (backend: Backend) => Promise<Outputs>;
}

/** The loss adds an epsilon to its divisor, which the plain reductions do not have. */
async function reductions({ run, count, extra }: Reductions, backend: Backend): Promise<Outputs> {
  const sum = await run(backend, 1 - EPS);
  const mean = await run(backend, count - EPS);
  return {
    none: sum.elements,
    sum: [sum.loss],
    mean: [mean.loss],
    grad_sum: sum.grad,
    grad_mean: mean.grad,
    ...(extra === undefined ? {} : await extra(backend)),
  };
}

function lossAdapter(op: string, input: (c: PackedCase) => Reductions): OpAdapter {
  return opAdapter({ op, input, run: reductions, results: RESULTS });
}

const focal = lossAdapter('sigmoid_focal_loss', (c) => {
  const logits = c.values('logits');
  const input = {
    logits,
    numClasses: c.array('logits').shape.at(-1) ?? 1,
    labels: c.has('labels') ? c.values('labels') : null,
    targets: c.values('targets'),
    alpha: c.number('alpha'),
    gamma: c.number('gamma'),
  };
  return {
    run: (backend, avgFactor) => runTwin(focalTwin, backend, { ...input, avgFactor }),
    count: logits.length,
  };
});

/** L1 is smooth L1 without a parabola. */
const smoothL1 = ['smooth_l1', 'l1'].map((op) =>
  lossAdapter(op, (c) => {
    const pred = c.values('pred');
    const input = {
      pred,
      target: c.values('target'),
      beta: c.has('beta') ? c.number('beta') : 0,
    };
    return {
      run: (backend, avgFactor) => runTwin(smoothL1Twin, backend, { ...input, avgFactor }),
      count: pred.length,
    };
  }),
);

const crossEntropy = lossAdapter('cross_entropy', (c) => {
  const logits = c.values('logits');
  const labels = c.values('labels');
  const classWeight = c.has('weight') ? c.values('weight') : null;
  const input = { logits, labels, classWeight };
  const weightOf = (label: number) => (label < 0 ? 0 : (classWeight?.[label] ?? 1));
  return {
    run: (backend, avgFactor) => runTwin(softmaxTwin, backend, { ...input, avgFactor }),
    // PyTorch's mean divides by the weights of the labels that count.
    count: labels.reduce((sum, label) => sum + weightOf(label), 0),
    extra: async (backend) => ({ softmax: await softmax(backend, logits, labels.length) }),
  };
});

/** The loss's own softmax: its gradient where every label is 0, and 1 more there. */
async function softmax(
  backend: Backend,
  logits: readonly number[],
  rows: number,
): Promise<number[]> {
  const labels = Array.from({ length: rows }, () => 0);
  const input = { logits, labels, classWeight: null, avgFactor: 1 - EPS };
  const { grad } = await runTwin(softmaxTwin, backend, input);
  const classes = logits.length / rows;
  return Array.from(grad, (value, index) => value + (index % classes === 0 ? 1 : 0));
}

const binary = lossAdapter('bce_with_logits', (c) => {
  const input = { logits: c.values('logits'), targets: c.values('targets') };
  return {
    run: (backend, avgFactor) => runTwin(binaryTwin, backend, { ...input, avgFactor }),
    count: input.logits.length,
  };
});

export const LOSS_ADAPTERS: readonly OpAdapter[] = [focal, ...smoothL1, crossEntropy, binary];
