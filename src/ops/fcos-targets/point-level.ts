import type { HeightWidth } from '../anchor-valid-flags/anchor-levels.ts';

/**
 * One level of a grid of points (MMDetection `MlvlPointGenerator`, offset 0.5): the point of cell (y, x) is number
 * `start + y · width + x` of all points and lies at ((x + 0.5) · stride, (y + 0.5) · stride).
 */
export interface PointLevel extends HeightWidth {
  /** Number of the level's first point. */
  readonly start: number;
  /** Distance of neighbouring points in input pixels, a whole number. */
  readonly stride: number;
}

/** Number of points of all levels; throws when the levels do not follow each other without a gap. */
export function totalPoints(levels: readonly PointLevel[]): number {
  let total = 0;
  for (const [index, { start, height, width }] of levels.entries()) {
    if (start !== total) {
      throw new Error(`totalPoints: level ${index} starts at ${start}, expected ${total}`);
    }
    total += height * width;
  }
  return total;
}
