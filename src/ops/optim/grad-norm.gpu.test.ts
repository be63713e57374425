import { expect, test } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import { variedValues } from '../host/varied-values.ts';
import { gradNormReference } from './optim.reference.ts';
import type { GradNorm } from './optim.reference.ts';
import { readTorchCases } from './torch-cases.ts';
import { gradNorm, updateStep } from './grad-norm.ts';
import { updateParameters } from './update.ts';

interface Case {
  readonly name: string;
  readonly gradients: readonly Float32Array<ArrayBuffer>[];
  readonly maxNorm: number;
  readonly expected?: GradNorm;
}

const sizes = (...counts: number[]): Float32Array<ArrayBuffer>[] =>
  counts.map((count, i) => variedValues(count, i + 1));
const f32 = (...values: number[]): Float32Array<ArrayBuffer> => Float32Array.from(values);

const CASES: Case[] = [
  {
    name: '3-4-5, not clipped',
    gradients: [f32(3), f32(4)],
    maxNorm: 35,
    expected: { norm: 5, factor: 1 },
  },
  {
    name: '3-4-5, clipped to half',
    gradients: [f32(3, 4)],
    maxNorm: 2.5,
    expected: { norm: 5, factor: 0.5 },
  },
  {
    name: 'clipping off',
    gradients: [f32(300, 400)],
    maxNorm: 0,
    expected: { norm: 500, factor: 1 },
  },
  {
    name: 'all zero',
    gradients: [new Float32Array(9)],
    maxNorm: 1,
    expected: { norm: 0, factor: 1 },
  },
  { name: 'one value', gradients: [f32(-2)], maxNorm: 1 },
  { name: 'around the workgroup', gradients: sizes(63, 64, 65, 127, 1), maxNorm: 1 },
  {
    name: 'many tensors',
    gradients: sizes(...Array.from({ length: 90 }, (_, i) => 1 + ((i * 37) % 300))),
    maxNorm: 10,
  },
  { name: 'exactly 65,536', gradients: sizes(65_536), maxNorm: 35 },
  { name: '65,537 beside a small one', gradients: sizes(65_537, 5), maxNorm: 35 },
  { name: 'three slots, the last one short', gradients: sizes(3, 140_001, 70_000), maxNorm: 35 },
  {
    name: 'NaN',
    gradients: [f32(1, Number.NaN, 2), f32(1)],
    maxNorm: 35,
    expected: { norm: Number.NaN, factor: -1 },
  },
  {
    name: 'infinity',
    gradients: [f32(1), f32(Number.POSITIVE_INFINITY)],
    maxNorm: 35,
    expected: { norm: Number.POSITIVE_INFINITY, factor: -1 },
  },
  {
    name: '−infinity, clipping off',
    gradients: [f32(Number.NEGATIVE_INFINITY, 1)],
    maxNorm: 0,
    expected: { norm: Number.POSITIVE_INFINITY, factor: -1 },
  },
  {
    name: 'NaN past the first slot',
    gradients: [variedValues(70_000, 1).fill(Number.NaN, 69_999)],
    maxNorm: 1,
  },
];

async function onGpu({ gradients, maxNorm }: Case): Promise<GradNorm> {
  const tensors = gradients.map((values) => tf.tensor1d(values));
  const clip = gradNorm(tensors, maxNorm);
  const [norm = Number.NaN, factor = Number.NaN] = await readTensor(clip);
  tf.dispose([...tensors, clip]);
  return { norm, factor };
}

const compare = (actual: GradNorm, wanted: GradNorm): void => {
  expectClose([actual.norm, actual.factor], [wanted.norm, wanted.factor], {
    absolute: 1e-6,
    relative: 2e-6,
  });
};

describeOnBackends<Case, GradNorm>('gradNorm', {
  cases: CASES,
  reference: (c) => gradNormReference(c.gradients, c.maxNorm),
  webgpu: onGpu,
  compare,
  expected: (c) => c.expected,
});

const torch = await readTorchCases();

test.skipIf(torch === undefined)('oracle ops/optim is there (skipped where it is absent)', () => {
  expect(torch?.clippings.length).toBeGreaterThan(0);
});

if (torch !== undefined) {
  describeOnBackends<Case, GradNorm>('gradNorm against torch', {
    cases: torch.clippings.map((c) => {
      const flat = c.grads.flatMap((values) => [...values]);
      const clipped = c.clipped.flatMap((values) => [...values]);
      // The factor that torch applied, from the element where rounding matters least.
      const largest = flat.reduce(
        (best, value, i) => (Math.abs(value) > Math.abs(flat[best] ?? 0) ? i : best),
        0,
      );
      const factor = (clipped[largest] ?? Number.NaN) / (flat[largest] ?? Number.NaN);
      const expected = { norm: c.total_norm, factor };
      return { name: c.name, gradients: c.grads, maxNorm: c.max_norm, expected };
    }),
    reference: (c) => gradNormReference(c.gradients, c.maxNorm),
    webgpu: onGpu,
    compare,
    expected: (c) => c.expected,
  });
}

describeOnGpu('a gradient that is not finite', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38]) {
    for (const clipValue of [0, 1])
      gpuTest(
        `${bad} leaves weights and moments bitwise as they were, clip_value ${clipValue}`,
        async () => {
          const before = f32(1, -0, 1e-42, 0.1, -3.5);
          const moments = f32(0.5, 0.25, -0, 1, 2, 0.5, 0.25, 0, 1, 2);
          const w = tf.tensor1d(before);
          const state = tf.tensor1d(moments);
          const gradient = tf.tensor1d(f32(1, 2, bad, 4, 5));
          const hyper = tf.tensor1d(f32(0.1, 0.1, 0.03));
          const step = updateStep([gradient], 35, hyper);
          const pairs = [{ w, gradient, at: 0, lrScale: 1, decay: 0.1 }];
          const inputs = { step, state, clipValue };
          updateParameters({ type: 'SGD', momentum: 0.9, nesterov: false }, pairs, inputs);
          for (const type of ['Adam', 'AdamW'] as const)
            updateParameters({ type, betas: [0.9, 0.999], eps: 1e-8 }, pairs, inputs);
          expect((await readTensor(step))[1]).toBe(-1);
          expect(bits(await readTensor(w))).toEqual(bits(before));
          expect(bits(await readTensor(state))).toEqual(bits(moments));
          tf.dispose([w, state, gradient, hyper, step]);
        },
      );
  }
});

function bits(values: Float32Array<ArrayBuffer>): number[] {
  return [...new Uint32Array(values.buffer)];
}
