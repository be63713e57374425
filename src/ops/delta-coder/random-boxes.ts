import type { Rng } from '../../base/rng.ts';

/**
 * Random xyxy boxes [count, 4] for tests, with corners in multiples of 1/8 up to 130 × 100, so that their centres and
 * sizes are exact in float32 and a float64 twin sees the same boxes. Sides are at least 1.
 */
export function randomEighths(random: Rng, count: number): number[] {
  const eighths = (low: number, high: number) => random.int(low * 8, high * 8) / 8;
  return Array.from({ length: count }, () => {
    const x = eighths(0, 90);
    const y = eighths(0, 60);
    return [x, y, x + eighths(1, 40), y + eighths(1, 40)];
  }).flat();
}
