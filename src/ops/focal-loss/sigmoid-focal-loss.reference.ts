import type { LossAndGrad } from '../loss-sum/loss-and-grad.ts';

/**
 * Slow twin of `sigmoidFocalLoss` and its gradient, in float64, by the formula of the paper:
 * −α_t (1 − p_t)^γ log(p_t). `labels` as there.
 */
export function focalLossReference(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  numClasses: number,
  avgFactor: number,
  {
    gamma = 2,
    alpha = 0.25,
    lossWeight = 1,
  }: { gamma?: number; alpha?: number; lossWeight?: number } = {},
): LossAndGrad {
  const scale = lossWeight / (avgFactor + 1.1920929e-7);
  let loss = 0;
  const grad = Array.from(logits, (x, index) => {
    const label = labels[Math.floor(index / numClasses)] ?? -1;
    if (label < 0) return 0;
    const sign = label === index % numClasses ? 1 : -1;
    const pt = 1 / (1 + Math.exp(-sign * x));
    const wrong = 1 / (1 + Math.exp(sign * x));
    const minusLogPt =
      sign * x < 0 ? -sign * x + Math.log1p(Math.exp(sign * x)) : Math.log1p(Math.exp(-sign * x));
    const weight = alpha < 0 ? 1 : sign > 0 ? alpha : 1 - alpha;
    loss += weight * wrong ** gamma * minusLogPt;
    return -sign * scale * weight * wrong ** gamma * (gamma * pt * minusLogPt + wrong);
  });
  return { loss: loss * scale, grad };
}
