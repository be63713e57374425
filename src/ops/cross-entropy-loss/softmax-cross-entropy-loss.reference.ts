import type { LossTerms } from '../loss-sum/loss-terms.reference.ts';

/** Slow twin of `softmaxCrossEntropyLoss`, in float64. */
export function softmaxCrossEntropyReference(
  logits: readonly number[],
  labels: readonly number[],
  {
    classWeight,
    posWeight = -1,
    background,
  }: { classWeight?: readonly number[]; posWeight?: number; background?: number } = {},
): LossTerms {
  const classes = logits.length / labels.length;
  const rows = labels.map((label, index) => {
    const row = logits.slice(index * classes, (index + 1) * classes);
    const isObject = label !== (background ?? classes - 1);
    const rowWeight = isObject && posWeight > 0 ? posWeight : 1;
    const weight = label < 0 ? 0 : rowWeight * (classWeight?.[label] ?? 1);
    const peak = row.reduce((greatest, x) => Math.max(greatest, x), Number.NEGATIVE_INFINITY);
    const sum = row.reduce((total, x) => total + Math.exp(x - peak), 0);
    return {
      value: weight === 0 ? 0 : weight * (Math.log(sum) + peak - (row[label] ?? Number.NaN)),
      slopes: row.map((x, c) =>
        weight === 0 ? 0 : weight * (Math.exp(x - peak) / sum - (c === label ? 1 : 0)),
      ),
    };
  });
  return { values: rows.map(({ value }) => value), slopes: rows.flatMap(({ slopes }) => slopes) };
}
