import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor, Tensor1D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { areaThresholds, countLevels } from './level-thresholds.ts';
import type { RoiLevelRule } from './level-thresholds.ts';
import { WORKGROUP_SIZE, roiLevelsKernel } from './roi-levels.wgsl.ts';

const OP = 'mapRoiLevels';

/**
 * The level of the feature pyramid that each RoI is pooled from, as index into the levels, finest first; a RoI that is
 * too small or too large gets the first or the last. Decided exactly, also at the boundaries between levels. One
 * dispatch, no readback; no gradient (levels are constants).
 *
 * −1, which `roiAlign` takes for a RoI that is not there, where `present` is 0 and where the area is negative or NaN:
 * its scale is then NaN, which in MMDetection and torchvision matches no level either.
 *
 * @param rois float32 [R, 5]: image of the batch, then xyxy in input pixels
 * @param present int32 [R]: 0 for padding; null = every RoI is there
 * @returns int32 [R], −1 … levels − 1
 * @throws Error when a shape, a type or an option does not fit
 */
export function mapRoiLevels(
  rois: Tensor,
  options: RoiLevelRule,
  present: Tensor | null = null,
): Tensor1D {
  const count = side(OP, 'rois', rois, 0);
  requireTensor(OP, 'rois', rois, 'float32', [count, 5]);
  if (present !== null) requireTensor(OP, 'present', present, 'int32', [count]);
  requireRule(options);
  const thresholds = areaThresholds(options);
  const levels = emptyTensor<Tensor1D>([count], 'int32');
  const { workgroups, rowSize } = foldWorkgroups(count, WORKGROUP_SIZE);
  const params: Record<string, number> = { count, rowSize };
  for (const [index, area] of thresholds.entries()) params[`threshold${index}`] = area;
  runKernel(
    roiLevelsKernel(thresholds.length, present !== null),
    present === null ? [rois, levels] : [rois, present, levels],
    params,
    workgroups,
  );
  return levels;
}

function requireRule(options: RoiLevelRule): void {
  const levels = countLevels(options);
  if (!Number.isInteger(levels) || levels < 1) {
    throw new Error(`${OP}: options must give a whole number of levels above 0, got ${levels}`);
  }
  const [name, scale] =
    options.rule === 'mmdetection'
      ? ['finestScale', options.finestScale ?? 56]
      : ['canonicalScale', options.canonicalScale ?? 224];
  if (!(scale > 0)) throw new Error(`${OP}: ${name} must be above 0, got ${scale}`);
}
