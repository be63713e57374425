import type { LossAndGrad } from './loss-and-grad.ts';

/** A loss before it is summed, as slow twins give it, in float64. */
export interface LossTerms {
  /** Without the loss weight. */
  readonly values: readonly number[];
  /** One for each number of the prediction. */
  readonly slopes: readonly number[];
}

/** Slow twin of `reduceLoss`: one factor, or one per image. */
export function reduceReference(
  { values, slopes }: LossTerms,
  avgFactor: number | readonly number[],
  lossWeight = 1,
): LossAndGrad {
  const divisors = typeof avgFactor === 'number' ? [avgFactor + 1.1920929e-7] : avgFactor;
  const scaleOf = (index: number, count: number) =>
    lossWeight /
    divisors.length /
    (divisors[Math.floor((index / count) * divisors.length)] ?? Number.NaN);
  return {
    loss: values.reduce((sum, value, index) => sum + value * scaleOf(index, values.length), 0),
    grad: slopes.map((slope, index) => slope * scaleOf(index, slopes.length)),
  };
}
