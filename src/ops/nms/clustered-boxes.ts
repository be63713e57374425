import { rng } from '../../base/rng.ts';

/** Boxes of one image. */
export interface BoxSet {
  /** [N, 4] */
  readonly boxes: Float32Array;
  readonly scores: Float32Array;
  readonly classes: Int32Array | null;
}

/**
 * Boxes around one centre per dozen in quarters of a pixel, with scores that tie; all from `seed`. One class gives no
 * classes. Used by tests only.
 */
export function clusteredBoxes(seed: number, count: number, classes: number): BoxSet {
  const random = rng(seed);
  const centers = Array.from({ length: Math.max(count / 12, 1) }, () => [
    random.int(0, 800),
    random.int(0, 600),
  ]);
  const boxes = Array.from({ length: count }, () => {
    const [x = 0, y = 0] = centers[random.int(0, centers.length)] ?? [];
    const left = x + random.int(-8, 9) / 4;
    const top = y + random.int(-8, 9) / 4;
    return [left, top, left + random.int(20, 60), top + random.int(20, 60)];
  });
  return {
    boxes: Float32Array.from(boxes.flat()),
    scores: Float32Array.from({ length: count }, () => random.int(0, 200) / 200),
    classes:
      classes === 1 ? null : Int32Array.from({ length: count }, () => random.int(0, classes)),
  };
}
