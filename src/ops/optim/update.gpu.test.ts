import { expect, test } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { overwrite } from '../../tensor/upload.ts';
import { describeOnBackends } from '../host/describe-on-backends.ts';
import { expectCloseToScale } from '../host/expect-close-to-scale.ts';
import { variedValues } from '../host/varied-values.ts';
import { updateStep } from './grad-norm.ts';
import { adamReference, gradNormReference, sgdReference } from './optim.reference.ts';
import { readTorchCases } from './torch-cases.ts';
import { pairsPerDispatch, statesOf, updateParameters } from './update.ts';
import type { UpdateRule } from './update.ts';

/** Steps of one optimiser on several parameters; the result is every parameter after every step. */
interface Case {
  readonly name: string;
  readonly kind: 'SGD' | 'Adam' | 'AdamW';
  /** Learning rate of each step. */
  readonly lrs: readonly number[];
  readonly decay: number;
  readonly lrScale?: number;
  readonly maxNorm?: number;
  readonly clipValue?: number;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly betas?: readonly [number, number];
  readonly eps?: number;
  readonly init: readonly Float32Array<ArrayBuffer>[];
  /** [step][parameter] */
  readonly gradients: readonly (readonly Float32Array<ArrayBuffer>[])[];
  readonly expected?: readonly ArrayLike<number>[];
}

const COUNTS = [1, 63, 130, 4097];
const init = COUNTS.map((count, i) => variedValues(count, i));
const steps = (n: number): Float32Array<ArrayBuffer>[][] =>
  Array.from({ length: n }, (_, k) =>
    COUNTS.map((count, i) => variedValues(count, 10 + 7 * k + i)),
  );
/** `count` parameters of 1 to 300 elements with gradients for some steps. */
function manyParameters(count: number, stepCount: number): Pick<Case, 'init' | 'gradients'> {
  const sizes = Array.from({ length: count }, (_, i) => 1 + ((i * 37) % 300));
  return {
    init: sizes.map((size, i) => variedValues(size, i)),
    gradients: Array.from({ length: stepCount }, (_, k) =>
      sizes.map((size, i) => variedValues(size, 50 + 7 * k + i)),
    ),
  };
}

const constant = (lr: number, n: number): number[] => Array.from({ length: n }, () => lr);

const sgd = { kind: 'SGD', lrs: constant(0.05, 6), decay: 0, init, gradients: steps(6) } as const;
const adamw = {
  kind: 'AdamW',
  lrs: constant(0.01, 8),
  decay: 0.05,
  init,
  gradients: steps(8),
} as const;

const CASES: readonly Case[] = [
  { name: 'sgd, plain', ...sgd },
  { name: 'sgd, momentum', ...sgd, momentum: 0.9 },
  { name: 'sgd, momentum and decay', ...sgd, momentum: 0.9, decay: 0.01 },
  { name: 'sgd, nesterov', ...sgd, momentum: 0.9, decay: 0.01, nesterov: true },
  {
    name: 'sgd, clipped, lr that warms up, lr multiplier',
    ...sgd,
    momentum: 0.9,
    maxNorm: 2,
    lrs: [0.001, 0.01, 0.02, 0.05, 0.05, 0.005],
    lrScale: 0.1,
  },
  { name: 'sgd, clipped by value', ...sgd, momentum: 0.9, decay: 0.01, clipValue: 0.3 },
  {
    name: 'sgd, more parameters than one dispatch binds',
    ...sgd,
    ...manyParameters(41, 3),
    lrs: constant(0.05, 3),
    momentum: 0.9,
    maxNorm: 5,
  },
  { name: 'adam', ...adamw, kind: 'Adam' },
  { name: 'adam, clipped by value', ...adamw, kind: 'Adam', clipValue: 0.5, decay: 0 },
  { name: 'adamw', ...adamw },
  { name: 'adamw without decay', ...adamw, decay: 0 },
  {
    name: 'adamw, clipped, other betas and eps',
    ...adamw,
    maxNorm: 1,
    betas: [0.8, 0.95],
    eps: 1e-3,
  },
  {
    name: 'adamw, lr multiplier',
    ...adamw,
    lrScale: 0.1,
    lrs: [0.1, 0.05, 0.02, 0.01, 0.1, 0.1, 0.1, 0.1],
  },
  {
    name: 'sgd by hand',
    kind: 'SGD',
    lrs: [0.5, 0.5],
    decay: 0.5,
    momentum: 0.5,
    init: [Float32Array.of(2)],
    gradients: [[Float32Array.of(1)], [Float32Array.of(-1)]],
    // g = 1 + 1 = 2, v = 2, w = 2 − 1 = 1; g = −1 + 0.5 = −0.5, v = 1 − 0.5 = 0.5, w = 1 − 0.25.
    expected: [[1], [0.75]],
  },
  {
    name: 'adamw by hand: the first step is lr·sign(g) after the decay',
    kind: 'AdamW',
    lrs: [0.1],
    decay: 0.5,
    eps: 1e-12,
    init: [Float32Array.of(2, 2)],
    gradients: [[Float32Array.of(3, -1e-3)]],
    expected: [[1.8, 2]],
  },
];

function reference(c: Case): Float64Array[] {
  const {
    decay,
    maxNorm = 0,
    clipValue = 0,
    momentum = 0,
    nesterov = false,
    betas = [0.9, 0.999],
    eps = 1e-8,
    lrScale = 1,
  } = c;
  const states = c.init.map((w) => ({
    w: Float64Array.from(w),
    first: new Float64Array(w.length),
    second: new Float64Array(w.length),
  }));
  return c.gradients.flatMap((gradients, k) => {
    const { factor } = gradNormReference(gradients, maxNorm);
    const lr = (c.lrs[k] ?? Number.NaN) * lrScale;
    states.forEach((state, i) => {
      const gradient = gradients[i] ?? [];
      if (c.kind === 'SGD')
        sgdReference(state, gradient, { factor, clipValue, lr, decay, momentum, nesterov });
      else
        adamReference(state, gradient, {
          type: c.kind,
          factor,
          clipValue,
          lr,
          decay,
          beta1: betas[0],
          beta2: betas[1],
          eps,
          t: k + 1,
        });
    });
    return states.map(({ w }) => w.slice());
  });
}

async function webgpu(c: Case): Promise<Float32Array[]> {
  const { decay, maxNorm = 0, clipValue = 0, lrScale = 1 } = c;
  const rule = ruleOf(c);
  const [beta1, beta2] = rule.type === 'SGD' ? [0, 0] : rule.betas;
  const weights = c.init.map((w) => tf.tensor1d(w));
  const total = weights.reduce((sum, { size }) => sum + size, 0);
  const state = tf.zeros([total * statesOf(rule)]);
  const hyper = tf.zeros<tf.Rank.R1>([3]);
  const after: Float32Array[] = [];
  for (const [k, gradients] of c.gradients.entries()) {
    const t = k + 1;
    overwrite(
      hyper,
      Float32Array.of(c.lrs[k] ?? Number.NaN, 1 - beta1 ** t, Math.sqrt(1 - beta2 ** t)),
    );
    const tensors = gradients.map((values) => tf.tensor1d(values));
    const step = updateStep(tensors, maxNorm, hyper);
    let at = 0;
    const pairs = weights.map((w, i) => {
      const gradient = tensors[i];
      if (gradient === undefined) throw new Error('a gradient per parameter');
      const pair = { w, gradient, at, lrScale, decay };
      at += w.size;
      return pair;
    });
    const most = pairsPerDispatch();
    for (let first = 0; first < pairs.length; first += most)
      updateParameters(rule, pairs.slice(first, first + most), { step, state, clipValue });
    for (const w of weights) after.push(await readTensor(w));
    tf.dispose([...tensors, step]);
  }
  tf.dispose([hyper, state, ...weights]);
  return after;
}

function ruleOf(c: Case): UpdateRule {
  const { momentum = 0, nesterov = false, betas = [0.9, 0.999], eps = 1e-8 } = c;
  return c.kind === 'SGD' ? { type: 'SGD', momentum, nesterov } : { type: c.kind, betas, eps };
}

function compare(actual: readonly ArrayLike<number>[], wanted: readonly ArrayLike<number>[]): void {
  expect(actual.length).toBe(wanted.length);
  wanted.forEach((values, i) => expectCloseToScale(actual[i] ?? [], values, 1e-6, `result ${i}`));
}

describeOnBackends<Case, readonly ArrayLike<number>[]>('optimiser updates', {
  cases: CASES,
  reference,
  webgpu,
  compare,
  expected: (c) => c.expected,
});

const torch = await readTorchCases();

test.skipIf(torch === undefined)('oracle ops/optim is there (skipped where it is absent)', () => {
  expect(torch?.optimisers.length).toBeGreaterThan(0);
});

const torchCases = (torch?.optimisers ?? []).map((c): Case => {
  const { type, lr, weight_decay: decay, ...options } = c.config;
  return {
    ...options,
    name: c.name,
    kind: type,
    decay,
    lrs: constant(lr, c.grads.length),
    init: c.init,
    gradients: c.grads,
    expected: c.params_after_step.flat(),
  };
});

if (torchCases.length > 0) {
  describeOnBackends<Case, readonly ArrayLike<number>[]>('optimiser updates against torch', {
    cases: torchCases,
    reference,
    webgpu,
    compare,
    expected: (c) => c.expected,
  });
}
