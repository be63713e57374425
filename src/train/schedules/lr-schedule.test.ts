import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLrSchedule } from './lr-schedule.ts';
import type { SchedulerOptions } from '../../config/resolved-schedule.ts';

const ORACLE = '../shared/oracle/mmdet/lr_schedules.json';

const linear = (end: number, startFactor = 0.001): SchedulerOptions => ({
  type: 'LinearLR',
  startFactor,
  endFactor: 1,
  begin: 0,
  end,
  byEpoch: false,
  convertToIterBased: false,
});
const steps = (milestones: number[], end: number, byEpoch = true): SchedulerOptions => ({
  type: 'MultiStepLR',
  milestones,
  gamma: 0.1,
  begin: 0,
  end,
  byEpoch,
  convertToIterBased: false,
});
const cosine = (begin: number, end: number, tMax: number, etaMin: number): SchedulerOptions => ({
  type: 'CosineAnnealingLR',
  tMax,
  etaMin,
  etaMinRatio: null,
  begin,
  end,
  byEpoch: false,
  convertToIterBased: false,
});

/** Runs of the oracle that MMEngine made, by a part of their name. */
const CASES: readonly {
  name: string;
  baseLr: number;
  itersPerEpoch: number;
  options: SchedulerOptions[];
}[] = [
  {
    name: 'mmengine 1x, warmup end=50, 10 iters/epoch',
    baseLr: 0.02,
    itersPerEpoch: 10,
    options: [linear(50), steps([8, 11], 12)],
  },
  {
    name: 'mmengine warmup (50) longer than run',
    baseLr: 0.01,
    itersPerEpoch: 10,
    options: [linear(50), steps([2, 3], 4)],
  },
  {
    name: 'mmengine CosineAnnealingLR T_max=20',
    baseLr: 0.01,
    itersPerEpoch: Infinity,
    options: [linear(5, 0.1), cosine(5, 25, 20, 1e-4)],
  },
];

interface LrOracle {
  cases: { name: string; lrs: number[] }[];
}

describe.skipIf(!existsSync(ORACLE))('MMEngine runs (../shared/oracle)', () => {
  const oracle: LrOracle = existsSync(ORACLE)
    ? JSON.parse(readFileSync(ORACLE, 'utf8'))
    : { cases: [] };

  it('has a case here for every MMEngine run', () => {
    const runs = oracle.cases.filter(({ name }) => name.startsWith('mmengine'));
    expect(runs.map(({ name }) => CASES.some((own) => name.startsWith(own.name)))).toEqual(
      runs.map(() => true),
    );
  });

  it.each(CASES)('$name', ({ name, baseLr, itersPerEpoch, options }) => {
    const run = oracle.cases.find((candidate) => candidate.name.startsWith(name));
    const schedule = createLrSchedule(options, baseLr, itersPerEpoch);
    expect(run?.lrs.length).toBeGreaterThan(0);
    run?.lrs.forEach((expected, iter) => {
      expect(Math.abs(schedule(iter) - expected) / expected, `iteration ${iter}`).toBeLessThan(
        1e-12,
      );
    });
  });
});

/** Cases of ops/optim.json that are chains of MMEngine's kind; torch's end is MMEngine's less one. */
const TORCH_CASES: readonly {
  name: string;
  itersPerEpoch: number;
  options: SchedulerOptions[];
}[] = [
  {
    name: 'mmengine_LinearLR_end_minus_1',
    itersPerEpoch: 20,
    options: [linear(50), steps([8, 11], 12)],
  },
  { name: 'torch_LinearLR', itersPerEpoch: Infinity, options: [linear(51)] },
  { name: 'torch_MultiStepLR_per_epoch', itersPerEpoch: 1, options: [steps([8, 11], 12)] },
  { name: 'cosine_100', itersPerEpoch: Infinity, options: [cosine(0, 101, 100, 0)] },
];

const TORCH = '../shared/oracle/ops/optim.json';

describe.skipIf(!existsSync(TORCH))('ops/optim (../shared/oracle)', () => {
  const oracle: { cases: { op: string; name: string; base_lr: number; lr_exact: number[] }[] } =
    existsSync(TORCH) ? JSON.parse(readFileSync(TORCH, 'utf8')) : { cases: [] };

  it.each(TORCH_CASES)('$name', ({ name, itersPerEpoch, options }) => {
    const run = oracle.cases.find((candidate) => candidate.name === name);
    const schedule = createLrSchedule(options, run?.base_lr ?? Number.NaN, itersPerEpoch);
    expect(run?.lr_exact.length).toBeGreaterThan(0);
    run?.lr_exact.forEach((expected, iter) => {
      expect(Math.abs(schedule(iter) - expected), `iteration ${iter}`).toBeLessThanOrEqual(
        1e-12 * Math.abs(expected),
      );
    });
  });
});

const SPAN = { begin: 0, end: 13, byEpoch: false, convertToIterBased: false } as const;

describe('rules against their closed forms', () => {
  const cosineDown = (t: number): number => (1 + Math.cos(Math.PI * t)) / 2;
  const RULES: readonly { option: SchedulerOptions; at: (t: number) => number }[] = [
    {
      option: { ...SPAN, type: 'StepLR', stepSize: 3, gamma: 0.5 },
      at: (t) => 2 * 0.5 ** Math.floor(t / 3),
    },
    { option: { ...SPAN, type: 'ExponentialLR', gamma: 0.9 }, at: (t) => 2 * 0.9 ** t },
    {
      option: { ...SPAN, type: 'PolyLR', power: 2, etaMin: 0.1 },
      at: (t) => 1.9 * (1 - t / 12) ** 2 + 0.1,
    },
    {
      option: {
        ...SPAN,
        type: 'CosineRestartLR',
        periods: [5, 8],
        restartWeights: [1, 0.5],
        etaMin: null,
        etaMinRatio: 0.05,
      },
      at: (t) =>
        t < 5 ? 0.1 + 1.9 * cosineDown(t / 5) : 0.1 + (1 - 0.1) * cosineDown((t - 5) / 8),
    },
    {
      option: {
        ...SPAN,
        type: 'OneCycleLR',
        etaMax: 5,
        totalSteps: 20,
        pctStart: 0.3,
        anneal: 'linear',
        divFactor: 10,
        finalDivFactor: 100,
        threePhase: false,
      },
      at: (t) => (t <= 5 ? 0.5 + 4.5 * (t / 5) : 5 + (0.005 - 5) * ((t - 5) / 14)),
    },
    {
      option: {
        ...SPAN,
        type: 'OneCycleLR',
        etaMax: 5,
        totalSteps: 13,
        pctStart: 0.4,
        anneal: 'cos',
        divFactor: 10,
        finalDivFactor: 100,
        threePhase: true,
      },
      at: (t) => {
        const top = 0.4 * 13 - 1;
        if (t <= top) return 5 + (0.5 - 5) * cosineDown(t / top);
        if (t <= 2 * top) return 0.5 + (5 - 0.5) * cosineDown((t - top) / top);
        return 0.005 + (0.5 - 0.005) * cosineDown((t - 2 * top) / (12 - 2 * top));
      },
    },
  ];

  it.each(RULES)('$option.type', ({ option, at }) => {
    const schedule = createLrSchedule([option], 2, Infinity);
    for (let t = 0; t < 13; t++) {
      expect(Math.abs(schedule(t) - at(t)), `iteration ${t}`).toBeLessThan(1e-12);
    }
    // After its end it leaves the rate as it was.
    expect(schedule(40)).toBe(schedule(12));
  });

  it.each(RULES.slice(0, 4))('$option.type, epochs turned into iterations', ({ option }) => {
    const epochs = { ...option, end: 4, byEpoch: true, convertToIterBased: true };
    const iterations = ((): SchedulerOptions => {
      const span = { ...SPAN, end: 12 };
      if (option.type === 'StepLR') return { ...option, ...span, stepSize: option.stepSize * 3 };
      if (option.type === 'CosineRestartLR') return { ...option, ...span, periods: [15, 24] };
      return { ...option, ...span };
    })();
    const [one, other] = [
      createLrSchedule([epochs], 2, 3),
      createLrSchedule([iterations], 2, Infinity),
    ];
    for (let t = 0; t < 15; t++) expect(one(t)).toBe(other(t));
  });
});

describe('createLrSchedule', () => {
  it('is the base rate without schedules', () => {
    const schedule = createLrSchedule([], 0.5, 7);
    expect([0, 1, 100].map(schedule)).toEqual([0.5, 0.5, 0.5]);
  });

  it('reaches the base rate at iteration end − 1 of the warm-up', () => {
    const schedule = createLrSchedule([linear(500)], 0.01, Infinity);
    expect(schedule(0)).toBeCloseTo(1e-5, 12);
    expect(schedule(498)).toBeLessThan(0.01);
    expect(schedule(499)).toBeCloseTo(0.01, 12);
    expect(schedule(5000)).toBeCloseTo(0.01, 12);
  });

  it('counts milestones from begin, and a repeated one twice', () => {
    const option: SchedulerOptions = { ...steps([2, 2], 100, false), begin: 10 };
    const schedule = createLrSchedule([option], 1, Infinity);
    expect(schedule(11)).toBe(1);
    expect(schedule(12)).toBeCloseTo(0.01, 12);
  });

  it('ignores a milestone at or after end', () => {
    const schedule = createLrSchedule([steps([5], 5, false)], 1, Infinity);
    expect(schedule(1000)).toBe(1);
  });

  it('never moves an epoch schedule where there are no epochs', () => {
    const schedule = createLrSchedule([steps([1], 2)], 1, Infinity);
    expect(schedule(10_000)).toBe(1);
  });

  it('gives the closed form of warm-up times steps, asked in any order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 1e-3, max: 1, noNaN: true }),
        fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 0, max: 120 }), { minLength: 1, maxLength: 20 }),
        (end, start, milestones, iters) => {
          const schedule = createLrSchedule(
            [linear(end, start), steps(milestones, 100, false)],
            0.02,
            Infinity,
          );
          for (const t of iters) {
            const warm =
              end === 1 ? start : start + ((1 - start) * Math.min(t, end - 1)) / (end - 1);
            const passed = milestones.filter((milestone) => milestone <= t).length;
            const expected = 0.02 * warm * 0.1 ** passed;
            expect(Math.abs(schedule(t) - expected) / expected).toBeLessThan(1e-9);
          }
        },
      ),
    );
  });

  it('turns an epoch schedule into iterations', () => {
    const byEpoch = { ...steps([2], 3), convertToIterBased: true };
    const schedule = createLrSchedule([byEpoch], 1, 5);
    expect(schedule(9)).toBe(1);
    expect(schedule(10)).toBeCloseTo(0.1, 12);
  });

  it('holds ConstantLR until end − 1', () => {
    const option: SchedulerOptions = {
      type: 'ConstantLR',
      factor: 0.25,
      begin: 0,
      end: 4,
      byEpoch: false,
      convertToIterBased: false,
    };
    const schedule = createLrSchedule([option], 1, Infinity);
    expect([0, 1, 2, 3, 4].map(schedule)).toEqual([0.25, 0.25, 0.25, 1, 1]);
  });

  it('refuses iterations and epoch lengths that cannot be', () => {
    expect(() => createLrSchedule([], 1, 0)).toThrow(RangeError);
    expect(() => createLrSchedule([], 1, 1)(-1)).toThrow(RangeError);
    expect(() => createLrSchedule([], 1, 1)(0.5)).toThrow(RangeError);
  });
});
