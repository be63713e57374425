import type { LossTerms } from '../loss-sum/loss-terms.reference.ts';

/** −w · t · log σ(x) − (1 − t) · log σ(−x), in float64, at any x. */
export function binaryCrossEntropy(x: number, target: number, positiveWeight: number) {
  const softplus = (z: number) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
  const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
  const [t, rest] = [positiveWeight * target, 1 - target];
  return {
    value: t * softplus(-x) + rest * softplus(x),
    slope: rest * sigmoid(x) - t * sigmoid(-x),
  };
}

/** Slow twin of `binaryCrossEntropyLoss`. */
export function binaryCrossEntropyReference(
  logits: readonly number[],
  targets: ArrayLike<number>,
  assigned: ArrayLike<number>,
): LossTerms {
  const terms = logits.map((x, row) =>
    (assigned[row] ?? -1) < 0
      ? { value: 0, slope: 0 }
      : binaryCrossEntropy(x, targets[row] ?? Number.NaN, 1),
  );
  return { values: terms.map(({ value }) => value), slopes: terms.map(({ slope }) => slope) };
}
