import { describe, expect, test } from 'vitest';
import { ParameterSet } from '../models/parameter-set.ts';
import { averagedPerDispatch } from '../ops/average/average.ts';
import { describeOnGpu, gpuTest, sharedHost } from '../ops/host/describe-on-backends.ts';
import { variedValues } from '../ops/host/varied-values.ts';
import { GpuCounter } from '../tensor/gpu-counter.ts';
import { readTensor } from '../tensor/read.ts';
import { overwrite } from '../tensor/upload.ts';
import { Ema, emaMomentum } from './ema.ts';
import type { EmaOptions, EmaRule } from './ema.ts';

describe('emaMomentum', () => {
  test.each<{ rule: EmaRule; wanted: number[] }>([
    {
      rule: { type: 'ExponentialMovingAverage', momentum: 2e-4 },
      wanted: [1, 2e-4, 2e-4, 2e-4],
    },
    {
      rule: { type: 'MomentumAnnealingEMA', momentum: 0.97, gamma: 100 },
      wanted: [1, 100 / 101, 100 / 102, 100 / 103],
    },
    {
      rule: { type: 'ExpMomentumEMA', momentum: 1e-4, gamma: 2000 },
      wanted: [1, 2, 3, 4].map((n, i) => (i === 0 ? 1 : (1 - 1e-4) * Math.exp(-n / 2000) + 1e-4)),
    },
    { rule: { type: 'StochasticWeightAverage' }, wanted: [1, 1 / 2, 1 / 3, 1 / 4] },
  ])('$rule.type', ({ rule, wanted }) => {
    expect([0, 1, 2, 3].map((steps) => emaMomentum(rule, steps, 1))).toEqual(wanted);
  });

  test('MomentumAnnealingEMA stops at its momentum, and SWA counts updates', () => {
    const rule = { type: 'MomentumAnnealingEMA', momentum: 0.3, gamma: 1 } as const;
    expect(emaMomentum(rule, 9, 1)).toBe(0.3);
    expect(emaMomentum({ type: 'StochasticWeightAverage' }, 6, 3)).toBe(1 / 3);
  });
});

const SIZES = Array.from({ length: 19 }, (_, i) => 1 + ((i * 41) % 130));

/** A set of trainable vectors, one frozen and one buffer. */
function parameterSet(): ParameterSet {
  const set = new ParameterSet(0);
  SIZES.forEach((size, i) =>
    set.add({ name: `p${i}`, shape: [size], role: 'weight', trainable: true }, () =>
      variedValues(size, i),
    ),
  );
  const last = { shape: [5], trainable: false };
  set.add({ ...last, name: 'frozen', role: 'weight' }, () => variedValues(5, 77));
  set.add({ ...last, name: 'running_mean', role: 'buffer' }, () => variedValues(5, 78));
  return set;
}

const read = (set: ParameterSet): Promise<Float32Array[]> =>
  Promise.all(set.list().map(({ variable }) => readTensor(variable)));

/** The value that parameter `index` has in iteration `iter`. */
const valuesAt = (index: number, size: number, iter: number): Float32Array<ArrayBuffer> =>
  variedValues(size, 100 + 31 * iter + index);

interface Case {
  readonly name: string;
  readonly options: EmaOptions;
  readonly iters: number;
  /** Momentum of each iteration; 0 leaves the average, 1 copies. */
  readonly momenta: readonly number[];
}

const rule = { type: 'ExponentialMovingAverage', momentum: 0.25 } as const;
const plain: EmaOptions = { rule, interval: 1, updateBuffers: false, beginIter: 0 };
const CASES: readonly Case[] = [
  { name: 'every iteration', options: plain, iters: 4, momenta: [1, 0.25, 0.25, 0.25] },
  {
    name: 'buffers too',
    options: { ...plain, updateBuffers: true },
    iters: 3,
    momenta: [1, 0.25, 0.25],
  },
  {
    name: 'every third iteration',
    options: { ...plain, interval: 3 },
    iters: 5,
    momenta: [1, 0, 0, 0.25, 0],
  },
  {
    name: 'from the third iteration on',
    options: { ...plain, beginIter: 3 },
    iters: 5,
    momenta: [1, 1, 1, 0.25, 0.25],
  },
  { name: 'not begun', options: { ...plain, beginIter: 9 }, iters: 2, momenta: [1, 1] },
  {
    name: 'a share that changes',
    options: { ...plain, rule: { type: 'StochasticWeightAverage' } },
    iters: 4,
    momenta: [1, 1 / 2, 1 / 3, 1 / 4],
  },
];

describeOnGpu('Ema', () => {
  for (const { name, options, iters, momenta } of CASES)
    gpuTest(`is what its rule says, and gives the weights back: ${name}`, async () => {
      const set = parameterSet();
      const ema = new Ema(set, options);
      const averages = (await read(set)).map((values) => Float64Array.from(values));
      for (let iter = 1; iter <= iters; iter++) {
        const m = momenta[iter - 1] ?? Number.NaN;
        set.list().forEach(({ variable, trainable, role }, i) => {
          if (!trainable && role !== 'buffer') return;
          const values = valuesAt(i, variable.size, iter);
          overwrite(variable, values);
          const moving = trainable || options.updateBuffers ? m : 1;
          const own = averages[i];
          values.forEach((value, k) => {
            if (own !== undefined) own[k] = (1 - moving) * (own[k] ?? 0) + moving * value;
          });
        });
        ema.afterUpdate(iter);
      }
      const weights = await read(set);
      // The reads are recorded on the averages, although they are waited for on the weights.
      const seen = ema.during(() => read(set));
      expect(await read(set)).toEqual(weights);
      (await seen).forEach((values, i) => {
        values.forEach((value, k) => {
          expect(Math.abs(value - (averages[i]?.[k] ?? Number.NaN))).toBeLessThan(1e-6);
        });
      });
      ema.swap();
      expect(await read(set)).toEqual(await seen);
      ema.dispose();
      set.dispose();
    });

  gpuTest('takes as few dispatches as the device allows', async () => {
    const set = parameterSet();
    const ema = new Ema(set, plain);
    const counter = new GpuCounter((await sharedHost()).backend.device, { execute: true });
    ema.afterUpdate(1);
    ema.swap();
    const dispatches = Math.ceil(SIZES.length / averagedPerDispatch());
    expect(counter.take().kernels).toEqual({ average: dispatches, average_swap: dispatches });
    counter.stop();
    ema.dispose();
    set.dispose();
  });
});
