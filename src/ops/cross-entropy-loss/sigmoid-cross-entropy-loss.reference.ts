import type { LossTerms } from '../loss-sum/loss-terms.reference.ts';
import { binaryCrossEntropy } from './binary-cross-entropy-loss.reference.ts';

/** Slow twin of `sigmoidCrossEntropyLoss`. */
export function sigmoidCrossEntropyReference(
  logits: readonly number[],
  labels: ArrayLike<number>,
  numClasses: number,
  { classWeight, posWeight = -1 }: { classWeight?: readonly number[]; posWeight?: number } = {},
): LossTerms {
  const terms = logits.map((x, index) => {
    const label = labels[Math.floor(index / numClasses)] ?? -1;
    const weight = label < 0 ? 0 : label < numClasses && posWeight > 0 ? posWeight : 1;
    if (weight === 0) return { value: 0, slope: 0 };
    const target = label === index % numClasses ? 1 : 0;
    const own = binaryCrossEntropy(x, target, classWeight?.[index % numClasses] ?? 1);
    return { value: weight * own.value, slope: weight * own.slope };
  });
  return { values: terms.map(({ value }) => value), slopes: terms.map(({ slope }) => slope) };
}
