import { encodeReference } from '../delta-coder/delta-coder.reference.ts';
import type { DeltaCoderOptions } from '../delta-coder/delta-coder.ts';

/** Slow twin of `bboxTargets` for one image, in float64. */
export function bboxTargetsReference(
  anchors: ArrayLike<number>,
  gtBoxes: ArrayLike<number>,
  assigned: ArrayLike<number>,
  options: DeltaCoderOptions = {},
): number[] {
  return Array.from(assigned).flatMap((gt, index) =>
    gt < 0 ? [0, 0, 0, 0] : encodeReference(anchors, index, gtBoxes, gt, options),
  );
}
