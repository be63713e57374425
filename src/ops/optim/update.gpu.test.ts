import { expect, test } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { overwrite } from '../../tensor/upload.ts';
import { describeOnBackends } from '../host/describe-on-backends.ts';
import { expectCloseToScale } from '../host/expect-close-to-scale.ts';
import { variedValues } from '../host/varied-values.ts';
import { adamwReference, gradNormReference, sgdReference } from './optim.reference.ts';
import { readTorchCases } from './torch-cases.ts';
import { adamwUpdate, gradNorm, sgdUpdate } from './update.ts';

/** Steps of one optimiser on several parameters; the result is every parameter after every step. */
interface Case {
  readonly name: string;
  readonly kind: 'sgd' | 'adamw';
  /** Learning rate of each step. */
  readonly lrs: readonly number[];
  readonly decay: number;
  readonly lrScale?: number;
  readonly maxNorm?: number;
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
const constant = (lr: number, n: number): number[] => Array.from({ length: n }, () => lr);

const sgd = { kind: 'sgd', lrs: constant(0.05, 6), decay: 0, init, gradients: steps(6) } as const;
const adamw = {
  kind: 'adamw',
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
    kind: 'sgd',
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
    kind: 'adamw',
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
      if (c.kind === 'sgd')
        sgdReference(state, gradient, { factor, lr, decay, momentum, nesterov });
      else
        adamwReference(state, gradient, {
          factor,
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
  const {
    decay,
    maxNorm = 0,
    momentum = 0,
    nesterov = false,
    betas = [0.9, 0.999],
    eps = 1e-8,
    lrScale = 1,
  } = c;
  const [beta1, beta2] = betas;
  const states = c.init.map((w) => ({
    w: tf.tensor1d(w),
    first: tf.zeros([w.length]),
    second: tf.zeros([w.length]),
  }));
  const hyper = tf.zeros<tf.Rank.R1>([3]);
  const after: Float32Array[] = [];
  for (const [k, gradients] of c.gradients.entries()) {
    const t = k + 1;
    overwrite(
      hyper,
      Float32Array.of(c.lrs[k] ?? Number.NaN, 1 - beta1 ** t, Math.sqrt(1 - beta2 ** t)),
    );
    const tensors = gradients.map((values) => tf.tensor1d(values));
    const clip = gradNorm(tensors, maxNorm);
    for (const [i, { w, first, second }] of states.entries()) {
      const gradient = tensors[i];
      if (gradient === undefined) throw new Error('a gradient per parameter');
      if (c.kind === 'sgd')
        sgdUpdate(w, gradient, first, { clip, hyper }, { lrScale, decay, momentum, nesterov });
      else
        adamwUpdate(
          w,
          gradient,
          { first, second },
          { clip, hyper },
          { lrScale, decay, beta1, beta2, eps },
        );
    }
    for (const { w } of states) after.push(await readTensor(w));
    tf.dispose([...tensors, clip]);
  }
  tf.dispose([hyper, ...states.flatMap(({ w, first, second }) => [w, first, second])]);
  return after;
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

/** The optimisers that there are here, by PyTorch's names. */
const KINDS: Readonly<Record<string, Case['kind']>> = { SGD: 'sgd', AdamW: 'adamw' };

const torchCases = (torch?.optimisers ?? []).flatMap((c): Case[] => {
  const { type, lr, weight_decay: decay, ...options } = c.config;
  const kind = KINDS[type];
  if (kind === undefined) {
    test.skip(`${c.name}: ${type} is out of scope`, () => {});
    return [];
  }
  return [
    {
      ...options,
      name: c.name,
      kind,
      decay,
      lrs: constant(lr, c.grads.length),
      init: c.init,
      gradients: c.grads,
      expected: c.params_after_step.flat(),
    },
  ];
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
