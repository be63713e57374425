import { chosenBoxes } from '../loss-sum/class-boxes.reference.ts';
import type { ClassBoxRows } from '../loss-sum/class-boxes.reference.ts';
import type { LossTerms } from '../loss-sum/loss-terms.reference.ts';

/** Slow twin of `classBoxL1Loss`; one value per number of `pred`. */
export function classBoxL1TermsReference(
  rows: ClassBoxRows,
  target: ArrayLike<number>,
  beta = 0,
): LossTerms {
  const values = Array.from(rows.pred, () => 0);
  const slopes = Array.from(rows.pred, () => 0);
  for (const [row, start] of chosenBoxes(rows).entries()) {
    if (start === null) continue;
    for (let axis = 0; axis < 4; axis++) {
      const d = (rows.pred[start + axis] ?? 0) - (target[row * 4 + axis] ?? 0);
      const inside = Math.abs(d) < beta;
      values[start + axis] = inside ? (0.5 * d * d) / beta : Math.abs(d) - 0.5 * beta;
      slopes[start + axis] = inside ? d / beta : Math.sign(d);
    }
  }
  return { values, slopes };
}
