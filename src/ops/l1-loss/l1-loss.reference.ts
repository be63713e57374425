import type { LossAndGrad } from '../loss-sum/loss-and-grad.ts';

/** Slow twin of `smoothL1Loss` (of `l1Loss` with `beta` 0) and its gradient, in float64. */
export function smoothL1LossReference(
  pred: ArrayLike<number>,
  target: ArrayLike<number>,
  assigned: ArrayLike<number>,
  avgFactor: number,
  { beta = 0, lossWeight = 1 }: { beta?: number; lossWeight?: number } = {},
): LossAndGrad {
  const scale = lossWeight / (avgFactor + 1.1920929e-7);
  let loss = 0;
  const grad = Array.from(pred, (value, index) => {
    if ((assigned[Math.floor(index / 4)] ?? -1) < 0) return 0;
    const d = value - (target[index] ?? 0);
    const size = Math.abs(d);
    loss += size < beta ? (0.5 * d * d) / beta : size - 0.5 * beta;
    return scale * (size < beta ? d / beta : Math.sign(d));
  });
  return { loss: loss * scale, grad };
}
