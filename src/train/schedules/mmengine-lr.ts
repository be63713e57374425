import type { SchedulerOptions } from '../../config/resolved-schedule.ts';
import { annealed, phaseRate } from './anneal.ts';

/** What a schedule's step may use besides the rate before it. */
export interface StepContext {
  /** The schedule's own step, 0-based from `begin`. */
  readonly k: number;
  /** The optimiser's rate, before all schedules. */
  readonly baseLr: number;
}

/** The rate after a schedule's own step `k`, from the rate before it: MMEngine's `_get_value`, chainable form. */
export function nextLr(option: SchedulerOptions, lr: number, { k, baseLr }: StepContext): number {
  const total = option.end - option.begin - 1;
  switch (option.type) {
    case 'LinearLR': {
      const { startFactor: start, endFactor: end } = option;
      if (k === 0) return lr * start;
      return lr * (1 + (end - start) / (total * start + (k - 1) * (end - start)));
    }
    case 'MultiStepLR':
      return lr * option.gamma ** option.milestones.filter((milestone) => milestone === k).length;
    case 'StepLR':
      return k === 0 || k % option.stepSize !== 0 ? lr : lr * option.gamma;
    case 'ExponentialLR':
      return k === 0 ? lr : lr * option.gamma;
    case 'ConstantLR':
      if (k === 0) return lr * option.factor;
      return k === total ? lr * (1 / option.factor) : lr;
    case 'PolyLR':
      if (k === 0) return lr;
      return (lr - option.etaMin) * (1 - 1 / (total - k + 1)) ** option.power + option.etaMin;
    case 'CosineAnnealingLR': {
      const { tMax } = option;
      const etaMin = lowest(option, baseLr);
      if (k === 0) return lr;
      // After each full half-wave the recursion below would divide by zero.
      if ((k - 1 - tMax) % (2 * tMax) === 0) {
        return lr + ((baseLr - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2;
      }
      return cosineStep(lr, k, tMax, etaMin);
    }
    case 'CosineRestartLR':
      return restartLr(option, lr, { k, baseLr });
    case 'OneCycleLR':
      return oneCycleLr(option, k);
  }
}

function lowest(
  { etaMin, etaMinRatio }: { readonly etaMin: number | null; readonly etaMinRatio: number | null },
  baseLr: number,
): number {
  return etaMin ?? baseLr * (etaMinRatio ?? 0);
}

function cosineStep(lr: number, k: number, period: number, etaMin: number): number {
  const ratio =
    (1 + Math.cos((Math.PI * k) / period)) / (1 + Math.cos((Math.PI * (k - 1)) / period));
  return ratio * (lr - etaMin) + etaMin;
}

function restartLr(
  option: Extract<SchedulerOptions, { type: 'CosineRestartLR' }>,
  lr: number,
  { k, baseLr }: StepContext,
): number {
  let start = 0;
  for (const [i, period] of option.periods.entries()) {
    const step = k - start;
    if (step < period) {
      if (step === 0) return baseLr * (option.restartWeights[i] ?? 1);
      return cosineStep(lr, step, period, lowest(option, baseLr));
    }
    start += period;
  }
  // After the last period the rate stays.
  return lr;
}

/** Smith & Topin's 1cycle (https://arxiv.org/abs/1708.07120), as fastai and PyTorch do it; it does not chain. */
function oneCycleLr(option: Extract<SchedulerOptions, { type: 'OneCycleLR' }>, k: number): number {
  const { etaMax, totalSteps, pctStart, divFactor, finalDivFactor, threePhase } = option;
  const first = etaMax / divFactor;
  const last = first / finalDivFactor;
  const top = pctStart * totalSteps - 1;
  const phases = threePhase
    ? [
        { until: top, from: first, to: etaMax },
        { until: 2 * pctStart * totalSteps - 2, from: etaMax, to: first },
        { until: totalSteps - 1, from: first, to: last },
      ]
    : [
        { until: top, from: first, to: etaMax },
        { until: totalSteps - 1, from: etaMax, to: last },
      ];
  return phaseRate(phases, k, (from, to, part) => annealed(option.anneal, from, to, part));
}
