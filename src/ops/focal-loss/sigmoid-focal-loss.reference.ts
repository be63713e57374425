import type { LossTerms } from '../loss-sum/loss-terms.reference.ts';

/**
 * Slow twin of `sigmoidFocalLoss`, by the formula of the paper: −α_t (1 − p_t)^γ log(p_t). `labels` as there.
 */
export function focalTermsReference(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  numClasses: number,
  {
    gamma = 2,
    alpha = 0.25,
    posWeight = -1,
  }: { gamma?: number; alpha?: number; posWeight?: number } = {},
): LossTerms {
  const terms = Array.from(logits, (x, index) => {
    const label = labels[Math.floor(index / numClasses)] ?? -1;
    if (label < 0) return { value: 0, slope: 0 };
    const sign = label === index % numClasses ? 1 : -1;
    const pt = 1 / (1 + Math.exp(-sign * x));
    const wrong = 1 / (1 + Math.exp(sign * x));
    const minusLogPt =
      sign * x < 0 ? -sign * x + Math.log1p(Math.exp(sign * x)) : Math.log1p(Math.exp(-sign * x));
    const classWeight = alpha < 0 ? 1 : sign > 0 ? alpha : 1 - alpha;
    const weight = classWeight * (label < numClasses && posWeight > 0 ? posWeight : 1);
    return {
      value: weight * wrong ** gamma * minusLogPt,
      slope: -sign * weight * wrong ** gamma * (gamma * pt * minusLogPt + wrong),
    };
  });
  return { values: terms.map(({ value }) => value), slopes: terms.map(({ slope }) => slope) };
}
