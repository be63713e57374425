import { four } from '../delta-coder/delta-coder.reference.ts';
import type { DeltaCoderOptions } from '../delta-coder/delta-coder.ts';

/** Slow twin of `bboxTargets` for one image, in float64. */
export function bboxTargetsReference(
  anchors: ArrayLike<number>,
  gtBoxes: ArrayLike<number>,
  assigned: ArrayLike<number>,
  { means = [0, 0, 0, 0], stds = [1, 1, 1, 1] }: DeltaCoderOptions = {},
): number[] {
  return Array.from(assigned).flatMap((gt, index) => {
    if (gt < 0) return [0, 0, 0, 0];
    const [ax1, ay1, ax2, ay2] = four(anchors, index);
    const [gx1, gy1, gx2, gy2] = four(gtBoxes, gt);
    const width = ax2 - ax1;
    const height = ay2 - ay1;
    const deltas = [
      (gx1 + gx2 - ax1 - ax2) / 2 / width,
      (gy1 + gy2 - ay1 - ay2) / 2 / height,
      Math.log((gx2 - gx1) / width),
      Math.log((gy2 - gy1) / height),
    ];
    return deltas.map((value, axis) => (value - (means[axis] ?? 0)) / (stds[axis] ?? 1));
  });
}
