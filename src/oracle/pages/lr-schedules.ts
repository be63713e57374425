import { z } from 'zod';
import { createLrSchedule } from '../../train/schedules/lr-schedule.ts';
import type { LrSchedule } from '../../train/schedules/lr-schedule.ts';
import {
  RATE_TOLERANCE,
  cosine,
  epochSteps,
  linearWarmup,
  mmcvSteps,
  ratesOf,
} from '../ops/schedules.ts';
import type { OracleCase } from '../oracle-case.ts';
import type { OraclePage } from '../page.ts';
import { close, pageCase } from '../page-case.ts';
import { numbers } from '../page-schemas.ts';

const pageSchema = z.object({ cases: z.array(z.object({ name: z.string(), lrs: numbers })) });

/** The number that a pattern's first group finds in a text. */
function numberIn(text: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** What a description says of a run. */
interface Described {
  readonly baseLr: number;
  readonly itersPerEpoch: number;
  readonly milestones: readonly number[];
  /** From which the factor of a warm-up follows whose description leaves it out. */
  readonly firstRate: number;
  readonly warmup: { readonly iters: number; readonly ratio: number } | undefined;
}

/** Detectors' usual ratio of the first rate, where a description does not give one. */
const WARMUP_RATIO = 0.001;
/** Epochs of the "1x" schedule at which the rate falls. */
const ONE_TIMES = [8, 11];

/**
 * The page describes its runs in words ("mmengine 1x, warmup end=50, 10 iters/epoch, 12 epochs, base .02"); `before` is
 * the run before, which "same" refers to and from which comes what is left out.
 */
function readDescription(
  text: string,
  firstRate: number,
  before: Described | undefined,
): Described {
  if (/\bsame\b/.test(text) && before !== undefined) return before;
  const steps = /milestones ([\d, ]*\d)/.exec(text)?.[1];
  const iters = numberIn(text, /warmup(?: end=|_iters=| \(| )(\d+)/);
  const fraction = /ratio (\d+)\/(\d+)/.exec(text);
  const ratio =
    fraction === null
      ? (numberIn(text, /ratio ([\d.e-]+)/) ?? WARMUP_RATIO)
      : Number(fraction[1]) / Number(fraction[2]);
  return {
    firstRate,
    baseLr: numberIn(text, /base ([\d.]+)/) ?? before?.baseLr ?? Number.NaN,
    itersPerEpoch:
      numberIn(text, /(\d+) iters\/epoch/) ?? before?.itersPerEpoch ?? Number.POSITIVE_INFINITY,
    milestones:
      steps?.split(',').map(Number) ??
      (/\b1x\b/.test(text) ? ONE_TIMES : (before?.milestones ?? [])),
    warmup: iters === undefined ? undefined : { iters, ratio },
  };
}

function scheduleOf(text: string, run: Described): LrSchedule {
  const { baseLr, itersPerEpoch, milestones } = run;
  const { iters, ratio } = run.warmup ?? { iters: 0, ratio: WARMUP_RATIO };
  if (text.startsWith('mmcv1')) {
    const type = /\b(exp|constant) warmup/.exec(text)?.[1] ?? 'linear';
    const warmup = { type, iters, ratio };
    return mmcvSteps({ baseLr, itersPerEpoch, steps: milestones, gamma: 0.1, warmup });
  }
  const tMax = numberIn(text, /T_max=(\d+)/);
  const begin = numberIn(text, /after LinearLR 0-(\d+)/) ?? 0;
  const schedules =
    tMax === undefined
      ? [
          ...(iters === 0 ? [] : [linearWarmup(ratio, iters)]),
          ...(milestones.length === 0 ? [] : [epochSteps(milestones, 0.1)]),
        ]
      : [
          ...(begin === 0 ? [] : [linearWarmup(run.firstRate / baseLr, begin)]),
          cosine(tMax, numberIn(text, /eta_min ([\d.e-]+)/) ?? 0, begin, begin + tMax),
        ];
  return createLrSchedule(schedules, baseLr, itersPerEpoch);
}

/** Rates of whole runs, as MMEngine and mmcv 1.x give them. */
export const lrSchedulesPage: OraclePage = {
  page: 'lr_schedules',
  cases(document) {
    let before: Described | undefined;
    return pageSchema.parse(document).cases.map(({ name, lrs }): OracleCase => {
      const run = readDescription(name, lrs[0] ?? Number.NaN, before);
      before = run;
      return pageCase({
        op: 'lr_schedule',
        name,
        onHost: true,
        wanted: { lrs: close(lrs, RATE_TOLERANCE) },
        run: () => Promise.resolve({ lrs: ratesOf(scheduleOf(name, run), lrs.length) }),
      });
    });
  },
};
