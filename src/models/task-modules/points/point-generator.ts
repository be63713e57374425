import type { HeightWidth } from '../../../ops/anchor-valid-flags/anchor-levels.ts';
import type { PointLevel } from '../../../ops/fcos-targets/point-level.ts';

/** All points of one input size. */
export interface PointGrid {
  readonly levels: readonly PointLevel[];
  /** [N, 4]: x and y in input pixels, and the stride along both axes (`grid_priors` with strides). */
  readonly points: Float32Array<ArrayBuffer>;
}

/**
 * The points of all levels, level after level, in the order (y, x): MMDetection `MlvlPointGenerator` with offset 0.5, which
 * puts each point in the middle of its cell.
 *
 * @param strides pixels between neighbouring points, per level
 * @throws Error when the number of feature maps is not that of the strides
 */
export function pointGrid(
  strides: readonly number[],
  featureSizes: readonly HeightWidth[],
): PointGrid {
  if (featureSizes.length !== strides.length) {
    throw new Error(`pointGrid: ${strides.length} strides but ${featureSizes.length} feature maps`);
  }
  let start = 0;
  const levels = featureSizes.map(({ height, width }, index): PointLevel => {
    const level = { start, height, width, stride: strides[index] ?? 0 };
    start += height * width;
    return level;
  });
  const points = new Float32Array(start * 4);
  for (const { start: first, height, width, stride } of levels) {
    for (let cell = 0; cell < height * width; cell++) {
      const x = ((cell % width) + 0.5) * stride;
      const y = (Math.floor(cell / width) + 0.5) * stride;
      points.set([x, y, stride, stride], (first + cell) * 4);
    }
  }
  return { levels, points };
}
