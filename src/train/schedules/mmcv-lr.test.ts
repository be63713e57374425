import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mmcvLrSchedule } from './mmcv-lr.ts';
import type { MmcvLrOptions, MmcvPolicy } from './mmcv-lr.ts';

const step = (
  milestones: readonly number[],
  warmup: MmcvLrOptions['warmup'] = null,
): MmcvLrOptions => ({
  policy: 'step',
  step: milestones,
  gamma: 0.1,
  minLr: null,
  byEpoch: true,
  warmup,
});
const warm = (type: 'constant' | 'linear' | 'exp', length: number, ratio: number) =>
  ({ type, length, ratio, byEpoch: false }) as const;
const run = (itersPerEpoch: number, maxEpochs: number) => ({
  itersPerEpoch,
  maxEpochs,
  maxIters: itersPerEpoch * maxEpochs,
});

/** The 2.x runs of the oracle, by the beginning of their name. */
const CASES: readonly {
  file: string;
  name: string;
  baseLr: number;
  itersPerEpoch: number;
  options: MmcvLrOptions;
}[] = [
  {
    file: 'ops/optim',
    name: 'mmcv_step_linear_warmup',
    baseLr: 0.02,
    itersPerEpoch: 20,
    options: step([8, 11], warm('linear', 50, 0.001)),
  },
  {
    file: 'mmdet/lr_schedules',
    name: 'mmcv1 1x, warmup_iters=50',
    baseLr: 0.02,
    itersPerEpoch: 10,
    options: step([8, 11], warm('linear', 50, 0.001)),
  },
  {
    file: 'mmdet/lr_schedules',
    name: 'mmcv1 same',
    baseLr: 0.01,
    itersPerEpoch: 10,
    options: step([2, 3], warm('linear', 50, 0.001)),
  },
  {
    file: 'mmdet/lr_schedules',
    name: 'mmcv1 exp warmup 20 iters',
    baseLr: 0.01,
    itersPerEpoch: 10,
    options: step([2], warm('exp', 20, 0.001)),
  },
  {
    file: 'mmdet/lr_schedules',
    name: 'mmcv1 constant warmup 20 iters',
    baseLr: 0.01,
    itersPerEpoch: 10,
    options: step([2], warm('constant', 20, 1 / 3)),
  },
];

interface Oracle {
  readonly cases: readonly {
    readonly name: string;
    readonly lrs?: readonly number[];
    readonly lr_exact?: readonly number[];
  }[];
}

function oracle(file: string): Oracle | undefined {
  const path = `../shared/oracle/${file}.json`;
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

describe.skipIf(oracle('ops/optim') === undefined)('mmcv runs (../shared/oracle)', () => {
  it('has a case here for every mmcv run', () => {
    const names = ['ops/optim', 'mmdet/lr_schedules']
      .flatMap((file) => oracle(file)?.cases ?? [])
      .map(({ name }) => name)
      .filter((name) => name.startsWith('mmcv'));
    expect(names.filter((name) => !CASES.some((own) => name.startsWith(own.name)))).toEqual([]);
    expect(names).toHaveLength(CASES.length);
  });

  it.each(CASES)('$name', ({ file, name, baseLr, itersPerEpoch, options }) => {
    const found = oracle(file)?.cases.find((candidate) => candidate.name.startsWith(name));
    const wanted = found?.lrs ?? found?.lr_exact ?? [];
    const schedule = mmcvLrSchedule(options, baseLr, run(itersPerEpoch, 12));
    expect(wanted.length).toBeGreaterThan(0);
    wanted.forEach((expected, iter) => {
      expect(Math.abs(schedule(iter) - expected) / expected, `iteration ${iter}`).toBeLessThan(
        1e-12,
      );
    });
  });
});

describe('mmcvLrSchedule', () => {
  const at = (policy: MmcvPolicy, iters: readonly number[], maxIters = 10): number[] => {
    const options = { ...policy, byEpoch: false, warmup: null };
    return iters.map(mmcvLrSchedule(options, 2, { itersPerEpoch: 5, maxEpochs: 2, maxIters }));
  };
  const half = (from: number, to: number, part: number): number =>
    to + ((from - to) * (1 + Math.cos(Math.PI * part))) / 2;

  it.each<{ policy: MmcvPolicy; iters: number[]; wanted: number[]; maxIters?: number }>([
    { policy: { policy: 'fixed' }, iters: [0, 9], wanted: [2, 2] },
    {
      policy: { policy: 'step', step: 3, gamma: 0.5, minLr: 0.3 },
      iters: [0, 2, 3, 8, 9],
      wanted: [2, 2, 1, 0.5, 0.3],
    },
    { policy: { policy: 'exp', gamma: 0.5 }, iters: [0, 3], wanted: [2, 0.25] },
    { policy: { policy: 'poly', power: 2, minLr: 0.5 }, iters: [0, 5], wanted: [2, 0.875] },
    { policy: { policy: 'inv', gamma: 1, power: 2 }, iters: [0, 1], wanted: [2, 0.5] },
    {
      policy: { policy: 'CosineAnnealing', minLr: null, minLrRatio: 0.1 },
      iters: [0, 5, 9],
      wanted: [2, 1.1, half(2, 0.2, 0.9)],
    },
    {
      policy: { policy: 'LinearAnnealing', minLr: 1, minLrRatio: null },
      iters: [0, 5],
      wanted: [2, 1.5],
    },
    {
      // Python rounds 2.5 to 2.
      policy: { policy: 'FlatCosineAnnealing', startPercent: 0.25, minLr: 0, minLrRatio: null },
      iters: [0, 2, 6],
      wanted: [2, 2, 1],
    },
    {
      policy: {
        policy: 'CosineRestart',
        periods: [4, 6],
        restartWeights: [1, 0.5],
        minLr: 0,
        minLrRatio: null,
      },
      iters: [0, 2, 4, 7],
      wanted: [2, 1, 1, 0.5],
    },
    {
      policy: {
        policy: 'cyclic',
        targetRatio: [3, 0.5],
        cyclicTimes: 2,
        stepRatioUp: 0.4,
        anneal: 'linear',
        gamma: 0.5,
      },
      iters: [0, 2, 4, 6, 10, 14],
      maxIters: 20,
      wanted: [2, 4, 6, 6 - 5 / 3, 2, 4],
    },
    {
      policy: {
        policy: 'OneCycle',
        maxLr: 4,
        totalSteps: null,
        pctStart: 0.5,
        anneal: 'linear',
        divFactor: 4,
        finalDivFactor: 10,
        threePhase: false,
      },
      iters: [0, 4, 9],
      wanted: [1, 4, 0.1],
    },
  ])('$policy.policy', ({ policy, iters, wanted, maxIters }) => {
    at(policy, iters, maxIters).forEach((lr, i) => {
      expect(lr, `iteration ${iters[i]}`).toBeCloseTo(wanted[i] ?? Number.NaN, 12);
    });
  });

  it('moves at the start of epochs, and warms up by epochs', () => {
    const options: MmcvLrOptions = {
      policy: 'exp',
      gamma: 0.5,
      byEpoch: true,
      warmup: { type: 'linear', length: 2, ratio: 0.5, byEpoch: true },
    };
    const schedule = mmcvLrSchedule(options, 1, run(4, 3));
    // Warm-up factors 0.5 + 0.5·t/8.
    expect([0, 3, 4, 7, 8, 11].map(schedule)).toEqual([
      0.5,
      0.6875,
      0.5 * 0.75,
      0.5 * 0.9375,
      0.25,
      0.25,
    ]);
  });

  it('refuses what mmcv refuses', () => {
    const cyclic: MmcvLrOptions = {
      policy: 'cyclic',
      targetRatio: [10, 1e-4],
      cyclicTimes: 1,
      stepRatioUp: 0.4,
      anneal: 'cos',
      gamma: 1,
      byEpoch: true,
      warmup: null,
    };
    expect(() => mmcvLrSchedule(cyclic, 1, run(4, 3))).toThrow(RangeError);
    expect(() => mmcvLrSchedule(step([1]), 1, run(4, 3))(-1)).toThrow(RangeError);
  });
});
