import { countLevels, levelOfArea } from './level-thresholds.ts';
import type { RoiLevelRule } from './level-thresholds.ts';

/**
 * Slow twin of `mapRoiLevels`: the rule, RoI by RoI.
 *
 * @param rois [R, 5]
 * @param present [R]; absent = all are
 */
export function mapRoiLevelsReference(
  rois: Float32Array,
  options: RoiLevelRule,
  present?: ArrayLike<number>,
): number[] {
  const { fround } = Math;
  return Array.from({ length: rois.length / 5 }, (_, roi) => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = rois.subarray(roi * 5 + 1, roi * 5 + 5);
    const area = fround(fround(x2 - x1) * fround(y2 - y1));
    if (!(area >= 0) || present?.[roi] === 0) return -1;
    return Math.min(Math.max(levelOfArea(area, options), 0), countLevels(options) - 1);
  });
}
