import { boxAreaReference, boxIntersectionReference } from '../box-iou/box-iou.reference.ts';

const { fround } = Math;

/** Numbers of the boxes that take part: no NaN, no negative class. */
export function takingPart(
  boxes: Float32Array,
  scores: Float32Array,
  classes: Int32Array | null,
): number[] {
  return Array.from(scores.keys()).filter(
    (i) =>
      !Number.isNaN(scores[i]) &&
      !boxes.subarray(i * 4, i * 4 + 4).some(Number.isNaN) &&
      (classes?.[i] ?? 0) >= 0,
  );
}

/** The boxes moved by class · (largest coordinate + 1), in float32; `present` are those that count for the largest. */
export function movedApart(
  boxes: Float32Array,
  present: readonly number[],
  classes: Int32Array | null,
): Float32Array {
  const largest = present.reduce(
    (max, i) => Math.max(max, ...boxes.subarray(i * 4, i * 4 + 4)),
    -3.4e38,
  );
  return Float32Array.from(boxes, (value, at) =>
    fround(value + fround((classes?.[at >> 2] ?? 0) * fround(largest + 1))),
  );
}

/**
 * Slow twin of `batchedNms` (of `nms` with `classes` null): the numbers of the kept boxes by descending score, in
 * float32. The rules are those of torchvision and mmcv: stable order, strict threshold, classes moved apart.
 */
export function nmsReference(
  boxes: Float32Array,
  scores: Float32Array,
  classes: Int32Array | null,
  iouThreshold: number,
): number[] {
  const present = takingPart(boxes, scores, classes);
  const moved = movedApart(boxes, present, classes);
  const threshold = fround(iouThreshold);
  const keep: number[] = [];
  for (const i of present.toSorted((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0))) {
    const suppressed = keep.some((j) => {
      const overlap = boxIntersectionReference(moved, j, moved, i);
      const areas = fround(boxAreaReference(moved, j) + boxAreaReference(moved, i));
      return overlap > fround(threshold * fround(areas - overlap));
    });
    if (!suppressed) keep.push(i);
  }
  return keep;
}
