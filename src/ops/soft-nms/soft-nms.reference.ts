import { boxAreaReference, boxIntersectionReference } from '../box-iou/box-iou.reference.ts';
import { movedApart, takingPart } from '../nms/nms.reference.ts';
import type { SoftNmsOptions } from './soft-nms.ts';

const { fround } = Math;

/** What soft-NMS kept of one image. */
export interface SoftKept {
  readonly keep: number[];
  readonly scores: number[];
}

/**
 * Slow twin of `softNmsOfImages` for one image, in float32, up to `maxOut` boxes.
 *
 * @param classes null: all of one class, or class-agnostic; a negative class is not there
 */
export function softNmsReference(
  boxes: Float32Array,
  scores: Float32Array,
  classes: Int32Array | null,
  maxOut: number,
  options: SoftNmsOptions = {},
): SoftKept {
  const { method = 'linear', iouThreshold = 0.3, sigma = 0.5, minScore = 1e-3 } = options;
  const present = takingPart(boxes, scores, classes);
  const moved = movedApart(boxes, present, classes);
  const current = scores.slice();
  const threshold = fround(iouThreshold);
  const weight = (iou: number) => {
    if (method === 'gaussian') return fround(Math.exp(fround(fround(-iou * iou) / fround(sigma))));
    if (iou < threshold) return 1;
    return method === 'linear' ? fround(1 - iou) : 0;
  };
  let left = present;
  const kept: SoftKept = { keep: [], scores: [] };
  while (left.length > 0 && kept.keep.length < maxOut) {
    const taken = left.reduce((a, b) => ((current[b] ?? 0) > (current[a] ?? 0) ? b : a));
    kept.keep.push(taken);
    kept.scores.push(current[taken] ?? 0);
    left = left.filter((other) => {
      if (other === taken) return false;
      const overlap = boxIntersectionReference(moved, taken, moved, other);
      const areas = fround(boxAreaReference(moved, taken) + boxAreaReference(moved, other));
      const iou = overlap > 0 ? fround(overlap / fround(areas - overlap)) : 0;
      const score = fround((current[other] ?? 0) * weight(iou));
      current[other] = score;
      return !(score < fround(minScore));
    });
  }
  return kept;
}
