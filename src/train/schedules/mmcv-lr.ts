import { annealed, phaseRate } from './anneal.ts';
import type { LrSchedule } from './lr-schedule.ts';

/** Where a cosine or a line ends: a rate, or a share of the base rate. Exactly one is given. */
interface Lowest {
  readonly minLr: number | null;
  readonly minLrRatio: number | null;
}

/** The regular rate of mmcv 1.x's lr_config, by its `policy`. */
export type MmcvPolicy =
  | { readonly policy: 'fixed' }
  | {
      readonly policy: 'step';
      /** One distance, or the epochs (iterations) from which on each further factor counts. */
      readonly step: number | readonly number[];
      readonly gamma: number;
      readonly minLr: number | null;
    }
  | { readonly policy: 'exp'; readonly gamma: number }
  | { readonly policy: 'poly'; readonly power: number; readonly minLr: number }
  | { readonly policy: 'inv'; readonly gamma: number; readonly power: number }
  | ({ readonly policy: 'CosineAnnealing' | 'LinearAnnealing' } & Lowest)
  | ({ readonly policy: 'FlatCosineAnnealing'; readonly startPercent: number } & Lowest)
  | ({
      readonly policy: 'CosineRestart';
      readonly periods: readonly number[];
      readonly restartWeights: readonly number[];
    } & Lowest)
  | {
      /** By iteration only. */
      readonly policy: 'cyclic';
      /** Highest and lowest rate over the base rate. */
      readonly targetRatio: readonly [number, number];
      readonly cyclicTimes: number;
      readonly stepRatioUp: number;
      readonly anneal: 'cos' | 'linear';
      /** Factor of the height of each further cycle. */
      readonly gamma: number;
    }
  | {
      /** By iteration only; the base rate is maxLr / divFactor, whatever the optimiser says. */
      readonly policy: 'OneCycle';
      readonly maxLr: number;
      /** null: the iterations of the run. */
      readonly totalSteps: number | null;
      readonly pctStart: number;
      readonly anneal: 'cos' | 'linear';
      readonly divFactor: number;
      readonly finalDivFactor: number;
      readonly threePhase: boolean;
    };

/** mmcv 1.x's lr_config. */
export type MmcvLrOptions = MmcvPolicy & {
  /** Whether the regular rate moves with epochs (at their start) or with iterations. */
  readonly byEpoch: boolean;
  readonly warmup: {
    readonly type: 'constant' | 'linear' | 'exp';
    /** Iterations, or epochs with `byEpoch`. */
    readonly length: number;
    readonly byEpoch: boolean;
    readonly ratio: number;
  } | null;
};

/** Length of the run. */
export interface RunLength {
  readonly itersPerEpoch: number;
  readonly maxEpochs: number;
  readonly maxIters: number;
}

/**
 * The learning rate of MMDetection 2.x, mmcv 1.7's LrUpdaterHook: a regular rate in closed form, replaced during warm-up
 * by a part of itself. At iteration `length` of the warm-up the regular rate is back (MMEngine's comes one earlier).
 */
export function mmcvLrSchedule(
  options: MmcvLrOptions,
  baseLr: number,
  length: RunLength,
): LrSchedule {
  if (options.byEpoch && (options.policy === 'cyclic' || options.policy === 'OneCycle')) {
    throw new RangeError(`${options.policy} counts iterations, not epochs`);
  }
  const { warmup } = options;
  const warmIters =
    warmup === null ? 0 : warmup.length * (warmup.byEpoch ? length.itersPerEpoch : 1);
  return (iter) => {
    if (!Number.isInteger(iter) || iter < 0)
      throw new RangeError(`iter must be 0, 1, 2 …, got ${iter}`);
    const at = options.byEpoch ? Math.floor(iter / length.itersPerEpoch) : iter;
    const last = options.byEpoch ? length.maxEpochs : length.maxIters;
    const regular = regularLr(options, baseLr, at, last);
    if (warmup === null || iter >= warmIters) return regular;
    const left = 1 - iter / warmIters;
    switch (warmup.type) {
      case 'constant':
        return regular * warmup.ratio;
      case 'linear':
        return regular * (1 - left * (1 - warmup.ratio));
      case 'exp':
        return regular * warmup.ratio ** left;
    }
  };
}

/** The rate without warm-up at epoch or iteration `at` of `last`. */
function regularLr(options: MmcvPolicy, baseLr: number, at: number, last: number): number {
  switch (options.policy) {
    case 'fixed':
      return baseLr;
    case 'step': {
      const { step, gamma, minLr } = options;
      const lr = baseLr * gamma ** stepsTaken(step, at);
      return minLr === null ? lr : Math.max(lr, minLr);
    }
    case 'exp':
      return baseLr * options.gamma ** at;
    case 'poly':
      return (baseLr - options.minLr) * (1 - at / last) ** options.power + options.minLr;
    case 'inv':
      return baseLr * (1 + options.gamma * at) ** -options.power;
    case 'CosineAnnealing':
      return annealed('cos', baseLr, lowest(options, baseLr), at / last);
    case 'LinearAnnealing':
      return annealed('linear', baseLr, lowest(options, baseLr), at / last);
    case 'FlatCosineAnnealing': {
      const start = roundHalfToEven(last * options.startPercent);
      if (at < start) return baseLr;
      return annealed('cos', baseLr, lowest(options, baseLr), (at - start) / (last - start));
    }
    case 'CosineRestart':
      return restartLr(options, baseLr, at);
    case 'cyclic':
      return cyclicLr(options, baseLr, at, last);
    case 'OneCycle':
      return oneCycleLr(options, at, last);
  }
}

function lowest({ minLr, minLrRatio }: Lowest, baseLr: number): number {
  return minLrRatio === null ? (minLr ?? 0) : baseLr * minLrRatio;
}

/** How many factors count; mmcv takes the list as ascending and stops at the first that is not reached. */
function stepsTaken(step: number | readonly number[], at: number): number {
  if (typeof step === 'number') return Math.floor(at / step);
  const next = step.findIndex((from) => at < from);
  return next === -1 ? step.length : next;
}

/** Python's round: halves go to the even neighbour. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

function restartLr(
  options: Extract<MmcvPolicy, { policy: 'CosineRestart' }>,
  baseLr: number,
  at: number,
): number {
  let start = 0;
  for (const [i, period] of options.periods.entries()) {
    if (at < start + period) {
      const weight = options.restartWeights[i] ?? 1;
      return annealed('cos', baseLr, lowest(options, baseLr), (at - start) / period, weight);
    }
    start += period;
  }
  throw new RangeError(`CosineRestart: the periods end at ${start}, before ${at}`);
}

function cyclicLr(
  options: Extract<MmcvPolicy, { policy: 'cyclic' }>,
  baseLr: number,
  iter: number,
  maxIters: number,
): number {
  const { targetRatio, cyclicTimes, stepRatioUp, anneal, gamma } = options;
  const period = Math.floor(maxIters / cyclicTimes);
  const rise = Math.trunc(stepRatioUp * period);
  const [top, bottom] = targetRatio;
  const at = iter % period;
  // Each cycle's top comes nearer to the base rate.
  const scale = gamma ** Math.floor(iter / period);
  const scaledTop = 1 - scale + top * scale;
  return at < rise
    ? annealed(anneal, baseLr, baseLr * scaledTop, at / rise)
    : annealed(anneal, baseLr * scaledTop, baseLr * bottom, (at - rise) / (period - rise));
}

function oneCycleLr(
  options: Extract<MmcvPolicy, { policy: 'OneCycle' }>,
  iter: number,
  maxIters: number,
): number {
  const { maxLr, pctStart, anneal, divFactor, finalDivFactor, threePhase } = options;
  const total = options.totalSteps ?? maxIters;
  const first = maxLr / divFactor;
  const end = first / finalDivFactor;
  const rise = pctStart * total - 1;
  const down = { until: total - 1, from: threePhase ? first : maxLr, to: end };
  const phases = [
    { until: rise, from: first, to: maxLr },
    ...(threePhase ? [{ until: 2 * pctStart * total - 2, from: maxLr, to: first }] : []),
    down,
  ];
  return phaseRate(phases, iter, (from, to, part) => annealed(anneal, from, to, part));
}
