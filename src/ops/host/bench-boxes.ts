import { rng } from '../../base/rng.ts';

/** Boxes for timing, [count, 4] xyxy: clusters of a dozen that overlap, spread over a map of 1,000 × 800 pixels. */
export function benchBoxes(count: number, seed: number): Float32Array<ArrayBuffer> {
  const random = rng(seed);
  const boxes = new Float32Array(count * 4);
  let [x, y] = [0, 0];
  for (let i = 0; i < count; i++) {
    if (i % 12 === 0) [x, y] = [random.int(0, 900), random.int(0, 700)];
    const [left, top] = [x + random.int(0, 12), y + random.int(0, 12)];
    boxes.set([left, top, left + random.int(16, 96), top + random.int(16, 96)], i * 4);
  }
  return boxes;
}

/** Scores in 0 … 1. */
export function benchScores(count: number, seed: number): Float32Array<ArrayBuffer> {
  const random = rng(seed);
  return Float32Array.from({ length: count }, () => random.float());
}
