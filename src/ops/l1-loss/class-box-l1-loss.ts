import type { Scalar, Tensor } from '../../tensor/tf.ts';
import { requireClassBoxes } from '../loss-sum/class-boxes.ts';
import type { ClassBoxOptions } from '../loss-sum/class-boxes.ts';
import { reduceLoss, requireAvgFactor } from '../loss-sum/loss-sum.ts';
import { CLASS_BOX_SMOOTH_L1 } from './class-box-l1-loss.wgsl.ts';

/** `L1Loss` or `SmoothL1Loss` of MMDetection for a box head. */
export interface ClassBoxL1LossOptions extends ClassBoxOptions {
  /** Where the parabola of smooth L1 ends, in units of the deltas; 0 (the default) is the L1 loss. */
  readonly beta?: number;
  /** Default 1. */
  readonly lossWeight?: number;
}

/**
 * As `smoothL1Loss`, for a box head that predicts a box per class: Σ over the rows that have a class of the four
 * differences of that class's box, / (avgFactor + 1.2e-7) · lossWeight (`BBoxHead.loss` of MMDetection, `fastrcnn_loss`
 * of torchvision). Two dispatches, one for the gradient, which is by `pred` alone and written entirely, 0 for the other
 * boxes.
 *
 * @param pred float32 [R, 4 (K + labelOffset)], class-major, or [R, 4] for all classes
 * @param target float32 [R, 4]
 * @param labels int32 [R]: a class, see `ClassBoxOptions`; anything else (background, −1) has no loss
 * @param avgFactor float32 [1]; both sources divide by all sampled rows
 */
export function classBoxL1Loss(
  pred: Tensor,
  target: Tensor,
  labels: Tensor,
  avgFactor: Tensor,
  { beta = 0, lossWeight = 1, ...classes }: ClassBoxL1LossOptions,
): Scalar {
  const op = 'classBoxL1Loss';
  const params = { ...requireClassBoxes(op, { pred, target, labels }, classes), beta };
  if (!(beta >= 0)) throw new Error(`${op}: beta must be at least 0, got ${beta}`);
  requireAvgFactor(op, avgFactor, 1);
  const numbers = { params, count: pred.size / 4, lossWeight };
  return reduceLoss(CLASS_BOX_SMOOTH_L1, [pred, target, labels], avgFactor, numbers);
}
