import type { SchedulerOptions } from '../../config/resolved-schedule.ts';
import type { PackedCase } from '../../ops/oracle/parse-casepack.ts';
import { createLrSchedule } from '../../train/schedules/lr-schedule.ts';
import type { LrSchedule } from '../../train/schedules/lr-schedule.ts';
import { mmcvLrSchedule } from '../../train/schedules/mmcv-lr.ts';
import { opAdapter } from '../op-adapter.ts';
import type { ResultKind } from '../judge.ts';
import type { OpAdapter } from '../op-adapter.ts';

/** Rates are computed in float64, and must be right to its last digits. */
export const RATE_TOLERANCE: ResultKind = { absolute: 1e-12, relative: 1e-9 };

/** The rate used during each of the first `count` iterations. */
export function ratesOf(schedule: LrSchedule, count: number): number[] {
  return Array.from({ length: count }, (_, iteration) => schedule(iteration));
}

const EVERY_ITERATION = { byEpoch: false, convertToIterBased: false } as const;

export function linearWarmup(startFactor: number, end: number, begin = 0): SchedulerOptions {
  return { type: 'LinearLR', startFactor, endFactor: 1, begin, end, ...EVERY_ITERATION };
}

export function epochSteps(
  milestones: readonly number[],
  gamma: number,
  end = Number.MAX_SAFE_INTEGER,
): SchedulerOptions {
  return {
    type: 'MultiStepLR',
    milestones: [...milestones],
    gamma,
    begin: 0,
    end,
    byEpoch: true,
    convertToIterBased: false,
  };
}

export function cosine(tMax: number, etaMin: number, begin: number, end: number): SchedulerOptions {
  return {
    type: 'CosineAnnealingLR',
    tMax,
    etaMin,
    etaMinRatio: null,
    begin,
    end,
    ...EVERY_ITERATION,
  };
}

const MMCV_WARMUPS = ['linear', 'constant', 'exp'] as const;

export interface MmcvSteps {
  readonly baseLr: number;
  readonly itersPerEpoch: number;
  /** Epochs from which on a further factor counts. */
  readonly steps: readonly number[];
  readonly gamma: number;
  readonly warmup: { readonly type: string; readonly iters: number; readonly ratio: number };
}

/** mmcv 1.x's step policy by epochs, with a warm-up by iterations. */
export function mmcvSteps(run: MmcvSteps): LrSchedule {
  const { baseLr, itersPerEpoch, steps: step, gamma, warmup } = run;
  const type = MMCV_WARMUPS.find((known) => known === warmup.type);
  if (type === undefined) throw new Error(`unknown warm-up ${JSON.stringify(warmup.type)}`);
  return mmcvLrSchedule(
    {
      policy: 'step',
      step,
      gamma,
      minLr: null,
      byEpoch: true,
      warmup: { type, length: warmup.iters, byEpoch: false, ratio: warmup.ratio },
    },
    baseLr,
    // The step policy does not look at the run's end.
    { itersPerEpoch, maxEpochs: Number.POSITIVE_INFINITY, maxIters: Number.POSITIVE_INFINITY },
  );
}

/** The schedules of a case, by the fields that it has. */
function schedulesOf(c: PackedCase): readonly SchedulerOptions[] {
  if (c.has('t_max')) {
    const tMax = c.number('t_max');
    return [cosine(tMax, c.number('eta_min'), 0, Number.MAX_SAFE_INTEGER)];
  }
  // PyTorch's LinearLR reaches the full rate at iteration total_iters, MMEngine's at end − 1.
  if (c.has('total_iters')) {
    return [linearWarmup(c.number('start_factor'), c.number('total_iters') + 1)];
  }
  const steps = epochSteps(c.numbers('milestones'), c.number('gamma'));
  return c.has('warmup_iters')
    ? [linearWarmup(c.number('start_factor'), c.number('warmup_iters')), steps]
    : [steps];
}

/** A schedule by epochs alone lists a rate per epoch. */
function itersPerEpoch(c: PackedCase): number {
  if (c.has('iters_per_epoch')) return c.number('iters_per_epoch');
  return c.has('milestones') ? 1 : Number.POSITIVE_INFINITY;
}

function scheduleOf(c: PackedCase): LrSchedule {
  if (!c.has('warmup')) {
    return createLrSchedule(schedulesOf(c), c.number('base_lr'), itersPerEpoch(c));
  }
  return mmcvSteps({
    baseLr: c.number('base_lr'),
    itersPerEpoch: itersPerEpoch(c),
    steps: c.numbers('step'),
    gamma: c.number('gamma'),
    warmup: {
      type: c.text('warmup'),
      iters: c.number('warmup_iters'),
      ratio: c.number('warmup_ratio'),
    },
  });
}

export const SCHEDULE_ADAPTERS: readonly OpAdapter[] = [
  opAdapter({
    op: 'lr_schedule',
    input: (c) => ({ schedule: scheduleOf(c), count: c.values('lr_exact').length }),
    run({ schedule, count }) {
      const rates = ratesOf(schedule, count);
      return Promise.resolve({ lr_exact: rates, lr_at_iter: rates });
    },
    results: { lr_exact: RATE_TOLERANCE, lr_at_iter: 'close' },
    onHost: true,
  }),
];
