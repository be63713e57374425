import type { SchedulerOptions } from '../../config/resolved.ts';

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
  if (option.type === 'MultiStepLR') {
    return { ...option, ...span, milestones: option.milestones.map((at) => at * itersPerEpoch) };
  }
  return option.type === 'CosineAnnealingLR'
    ? { ...option, ...span, tMax: option.tMax * itersPerEpoch }
    : { ...option, ...span };
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
    return at < begin || at >= end ? lr : nextLr(this.option, at - begin, lr, this.baseLr);
  }
}

/** The rate after a schedule's own step `k` (0-based from `begin`), from the rate before it. */
function nextLr(option: SchedulerOptions, k: number, lr: number, baseLr: number): number {
  const total = option.end - option.begin - 1;
  switch (option.type) {
    case 'LinearLR': {
      const { startFactor: start, endFactor: end } = option;
      if (k === 0) return lr * start;
      return lr * (1 + (end - start) / (total * start + (k - 1) * (end - start)));
    }
    case 'MultiStepLR':
      return lr * option.gamma ** option.milestones.filter((milestone) => milestone === k).length;
    case 'ConstantLR':
      if (k === 0) return lr * option.factor;
      return k === total ? lr / option.factor : lr;
    case 'CosineAnnealingLR': {
      const { tMax } = option;
      const etaMin = option.etaMin ?? baseLr * (option.etaMinRatio ?? 0);
      if (k === 0) return lr;
      // After each full half-wave the recursion below would divide by zero.
      if ((k - 1 - tMax) % (2 * tMax) === 0) {
        return lr + ((baseLr - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2;
      }
      const ratio =
        (1 + Math.cos((Math.PI * k) / tMax)) / (1 + Math.cos((Math.PI * (k - 1)) / tMax));
      return ratio * (lr - etaMin) + etaMin;
    }
  }
}
