export type ApMode = 'area' | '11points';

/**
 * Average precision of a precision-recall curve by VOC's definitions, as MMDetection's `average_precision`.
 * `recalls` do not decrease; both are 0 … 1 and equally long. Without points it is 0.
 *
 * - `area` (VOC 2010 on): area under the curve after each precision is raised to the best one at any higher recall.
 * - `11points` (VOC 2007): mean over the recalls 0, 0.1 … 1 of the best precision at that recall or above. The recalls are
 *   i · 0.1 in float64, as NumPy's arange gives them, so a curve that ends at exactly 0.3 does not reach the fourth one.
 */
export function averagePrecision(
  recalls: ArrayLike<number>,
  precisions: ArrayLike<number>,
  mode: ApMode,
): number {
  const best = bestFromHere(precisions);
  return mode === 'area'
    ? areaUnder(recalls, best)
    : meanAtRecalls(
        recalls,
        best,
        Array.from({ length: 11 }, (_, i) => i * 0.1),
      );
}

/** Mean over the given recall thresholds of the best precision at that recall or above. */
export function meanPrecisionAt(
  recalls: ArrayLike<number>,
  precisions: ArrayLike<number>,
  thresholds: readonly number[],
): number {
  return meanAtRecalls(recalls, bestFromHere(precisions), thresholds);
}

/** For each point the best precision there or at any later point. */
function bestFromHere(precisions: ArrayLike<number>): Float64Array {
  const best = Float64Array.from(precisions);
  for (let i = best.length - 2; i >= 0; i--) best[i] = Math.max(best[i] ?? 0, best[i + 1] ?? 0);
  return best;
}

function areaUnder(recalls: ArrayLike<number>, best: Float64Array): number {
  let area = 0;
  let last = 0;
  for (let i = 0; i < best.length; i++) {
    const recall = recalls[i] ?? 0;
    area += (recall - last) * (best[i] ?? 0);
    last = recall;
  }
  return area;
}

function meanAtRecalls(
  recalls: ArrayLike<number>,
  best: Float64Array,
  thresholds: readonly number[],
): number {
  let sum = 0;
  for (const threshold of thresholds) {
    let i = 0;
    while (i < best.length && (recalls[i] ?? 0) < threshold) i++;
    sum += best[i] ?? 0;
  }
  return sum / thresholds.length;
}
