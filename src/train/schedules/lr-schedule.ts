import type { SchedulerOptions } from '../../config/resolved-schedule.ts';
import { nextLr } from './mmengine-lr.ts';

/**
 * Learning-rate schedules as MMEngine chains them: each schedule multiplies the present rate when its own counter moves
 * (iterations after every iteration, epochs after every epoch), so several of them compose. Rates are computed by stepping
 * that chain in float64, not by closed forms, so rounding follows MMEngine's too.
 */

/** The rate used during iteration `iter` (0-based, any order of calls). */
export type LrSchedule = (iter: number) => number;

/**
 * The schedule of a run. `itersPerEpoch` may be Infinity for runs without epochs; epoch schedules then never move.
 * `baseLr` is the optimiser's rate, per parameter group (call it once per group).
 */
export function createLrSchedule(
  options: readonly SchedulerOptions[],
  baseLr: number,
  itersPerEpoch: number,
): LrSchedule {
  if (!(itersPerEpoch >= 1))
    throw new RangeError(`itersPerEpoch must be at least 1, got ${itersPerEpoch}`);
  const chain = options.map((option) => new ChainLink(asIterations(option, itersPerEpoch), baseLr));
  const rates: number[] = [];
  let lr = baseLr;
  for (const link of chain) lr = link.step(lr);
  return (iter) => {
    if (!Number.isInteger(iter) || iter < 0)
      throw new RangeError(`iter must be 0, 1, 2 …, got ${iter}`);
    while (rates.length <= iter) {
      rates.push(lr);
      const epochEnds = rates.length % itersPerEpoch === 0;
      for (const link of chain) if (!link.byEpoch) lr = link.step(lr);
      if (epochEnds) for (const link of chain) if (link.byEpoch) lr = link.step(lr);
    }
    return rates[iter] ?? lr;
  };
}

// MMEngine's build_iter_from_epoch.
function asIterations(option: SchedulerOptions, itersPerEpoch: number): SchedulerOptions {
  if (!option.convertToIterBased || !option.byEpoch) return option;
  const span = {
    begin: option.begin * itersPerEpoch,
    end: option.end * itersPerEpoch,
    byEpoch: false,
  };
  switch (option.type) {
    case 'MultiStepLR':
      return { ...option, ...span, milestones: option.milestones.map((at) => at * itersPerEpoch) };
    case 'StepLR':
      return { ...option, ...span, stepSize: option.stepSize * itersPerEpoch };
    case 'CosineAnnealingLR':
      return { ...option, ...span, tMax: option.tMax * itersPerEpoch };
    case 'CosineRestartLR':
      return { ...option, ...span, periods: option.periods.map((each) => each * itersPerEpoch) };
    // OneCycleLR's total_steps are iterations already.
    case 'OneCycleLR':
    case 'LinearLR':
    case 'ConstantLR':
    case 'ExponentialLR':
    case 'PolyLR':
      return { ...option, ...span };
  }
}

/** One schedule with its counters. */
class ChainLink {
  readonly byEpoch: boolean;
  private readonly option: SchedulerOptions;
  private readonly baseLr: number;
  /** How often it was stepped before; the first step is made before training. */
  private steps = 0;

  constructor(option: SchedulerOptions, baseLr: number) {
    this.option = option;
    this.byEpoch = option.byEpoch;
    this.baseLr = baseLr;
  }

  step(lr: number): number {
    const at = this.steps;
    this.steps += 1;
    const { begin, end } = this.option;
    return at < begin || at >= end
      ? lr
      : nextLr(this.option, lr, { k: at - begin, baseLr: this.baseLr });
  }
}
