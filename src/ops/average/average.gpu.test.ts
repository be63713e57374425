import { expect } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import { variedValues } from '../host/varied-values.ts';
import { averagedPerDispatch, moveAverage, swapAverage } from './average.ts';
import { lerpReference } from './average.reference.ts';

interface Case {
  readonly name: string;
  readonly momentum: number;
  readonly averages: readonly Float32Array<ArrayBuffer>[];
  readonly sources: readonly Float32Array<ArrayBuffer>[];
  readonly expected?: readonly ArrayLike<number>[];
}

const varied = (seed: number, ...counts: number[]): Float32Array<ArrayBuffer>[] =>
  counts.map((count, i) => variedValues(count, seed + i));
const f32 = (...values: number[]): Float32Array<ArrayBuffer> => Float32Array.from(values);

const CASES: readonly Case[] = [
  {
    name: 'a quarter of the way',
    momentum: 0.25,
    averages: [f32(1, 2), f32(-4)],
    sources: [f32(5, 2), f32(0)],
    expected: [f32(2, 2), f32(-3)],
  },
  {
    name: 'momentum 1 copies',
    momentum: 1,
    averages: [f32(7, -0.1)],
    sources: [f32(0.3, 1e-30)],
    expected: [f32(0.3, 1e-30)],
  },
  {
    name: 'equal values stay, whatever the momentum',
    momentum: 2e-4,
    averages: [f32(0.1, 0.7, -3e30)],
    sources: [f32(0.1, 0.7, -3e30)],
    expected: [f32(0.1, 0.7, -3e30)],
  },
  {
    name: 'MMEngine’s momentum around the workgroup',
    momentum: 2e-4,
    averages: varied(1, 63, 64, 65, 1, 4097),
    sources: varied(9, 63, 64, 65, 1, 4097),
  },
  { name: 'above a half', momentum: 0.9, averages: varied(1, 130), sources: varied(2, 130) },
  {
    name: 'NaN goes into the average',
    momentum: 0.5,
    averages: [f32(1, 1)],
    sources: [f32(Number.NaN, 3)],
    expected: [f32(Number.NaN, 2)],
  },
];

/** Runs `work` on averages that lie one after the other, with a gap that must stay as it is. */
async function withAverages(
  { averages, sources }: Pick<Case, 'averages' | 'sources'>,
  work: (average: Tensor, tensors: readonly { source: Tensor; at: number }[]) => void,
): Promise<{ averages: Float32Array[]; sources: Float32Array[] }> {
  const gap = 3;
  const offsets = averages.map((_, i) =>
    averages.slice(0, i).reduce((sum, { length }) => sum + length + gap, gap),
  );
  const size = averages.reduce((sum, { length }) => sum + length + gap, gap);
  const flat = new Float32Array(size).fill(42);
  averages.forEach((values, i) => {
    flat.set(values, offsets[i]);
  });
  const average = tf.tensor1d(flat);
  const tensors = sources.map((values, i) => ({
    source: tf.tensor1d(values),
    at: offsets[i] ?? 0,
  }));
  work(average, tensors);
  const after = await readTensor(average);
  const untouched = after.filter(
    (_, i) => !offsets.some((at, k) => i >= at && i < at + (averages[k]?.length ?? 0)),
  );
  expect(untouched.every((value) => value === 42)).toBe(true);
  const read = await Promise.all(tensors.map(({ source }) => readTensor(source)));
  tf.dispose([average, ...tensors.map(({ source }) => source)]);
  return {
    averages: averages.map(({ length }, i) => after.slice(offsets[i], (offsets[i] ?? 0) + length)),
    sources: read,
  };
}

describeOnBackends<Case, readonly ArrayLike<number>[]>('moveAverage', {
  cases: CASES,
  reference: ({ averages, sources, momentum }) =>
    averages.map((values, i) => lerpReference(values, sources[i] ?? [], momentum)),
  webgpu: async (c) => {
    const momentum = tf.tensor1d([c.momentum]);
    const { averages, sources } = await withAverages(c, (average, tensors) => {
      moveAverage(average, tensors, momentum);
    });
    momentum.dispose();
    expect(sources).toEqual(c.sources);
    return averages;
  },
  compare(actual, wanted) {
    wanted.forEach((values, i) => {
      // One rounding may fall out where the compiler fuses a multiplication and an addition.
      expectClose(actual[i] ?? [], values, { absolute: 1e-9, relative: 2e-7 });
    });
  },
  expected: (c) => c.expected,
});

describeOnGpu('swapAverage', () => {
  for (const c of CASES)
    gpuTest(`exchanges every bit: ${c.name}`, async () => {
      const after = await withAverages(c, (average, tensors) => {
        swapAverage(average, tensors);
      });
      expect(after.averages).toEqual(c.sources);
      expect(after.sources).toEqual(c.averages);
    });

  gpuTest('refuses more tensors than a dispatch can bind', () => {
    const one = tf.zeros([1]);
    const tensors = Array.from({ length: averagedPerDispatch() + 1 }, () => ({
      source: one,
      at: 0,
    }));
    expect(() => {
      swapAverage(one, tensors);
    }).toThrow(/at most/);
    one.dispose();
    return Promise.resolve();
  });
});
