import type { LossTerms } from '../loss-sum/loss-terms.reference.ts';

/** Slow twin of `smoothL1Loss` (of `l1Loss` with `beta` 0); one value per number of `pred`. */
export function smoothL1TermsReference(
  pred: ArrayLike<number>,
  target: ArrayLike<number>,
  assigned: ArrayLike<number>,
  beta = 0,
): LossTerms {
  const differences = Array.from(pred, (value, index) =>
    (assigned[Math.floor(index / 4)] ?? -1) < 0 ? 0 : value - (target[index] ?? 0),
  );
  return {
    values: differences.map((d, index) => {
      if ((assigned[Math.floor(index / 4)] ?? -1) < 0) return 0;
      return Math.abs(d) < beta ? (0.5 * d * d) / beta : Math.abs(d) - 0.5 * beta;
    }),
    slopes: differences.map((d) => (Math.abs(d) < beta ? d / beta : Math.sign(d))),
  };
}
