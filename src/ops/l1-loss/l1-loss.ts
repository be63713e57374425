import type { Scalar, Tensor } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { lossElements, reduceLoss, requireAvgFactor } from '../loss-sum/loss-sum.ts';
import { POSITIVES_SMOOTH_L1 } from './l1-loss.wgsl.ts';

/** `L1Loss` of MMDetection. */
export interface L1LossOptions {
  /** Default 1. */
  readonly lossWeight?: number;
}

/** `SmoothL1Loss` of MMDetection. */
export interface SmoothL1LossOptions extends L1LossOptions {
  /** Where the parabola ends, in units of the deltas; above 0. Default 1. */
  readonly beta?: number;
}

/**
 * Σ |pred − target| over the four deltas of the positive anchors, / (avgFactor + 1.2e-7) · lossWeight (MMDetection 3.x
 * `L1Loss` with box weights 1 on positives and 0 elsewhere). Two dispatches, one for the gradient, which is by `pred`
 * alone; at a difference of exactly 0 it is 0.
 *
 * @param pred float32 [B, N, 4]
 * @param target float32 [B, N, 4], see `bboxTargets`
 * @param assigned int32 [B, N], see `maxIouAssign`; positive where ≥ 0
 * @param avgFactor float32 [1]; or [B], one per image: the mean over images of each image's sum / its factor
 */
export function l1Loss(
  pred: Tensor,
  target: Tensor,
  assigned: Tensor,
  avgFactor: Tensor,
  { lossWeight = 1 }: L1LossOptions = {},
): Scalar {
  return positivesLoss('l1Loss', [pred, target, assigned], avgFactor, { beta: 0, lossWeight });
}

/** As {@link l1Loss}, with ½ d² / β where |d| < β, and |d| − ½ β beyond (MMDetection 3.x `SmoothL1Loss`). */
export function smoothL1Loss(
  pred: Tensor,
  target: Tensor,
  assigned: Tensor,
  avgFactor: Tensor,
  { beta = 1, lossWeight = 1 }: SmoothL1LossOptions = {},
): Scalar {
  if (!(beta > 0)) throw new Error(`smoothL1Loss: beta must be above 0, got ${beta}`);
  const numbers = { beta, lossWeight };
  return positivesLoss('smoothL1Loss', [pred, target, assigned], avgFactor, numbers);
}

/**
 * The unreduced loss of {@link smoothL1Loss}, and of {@link l1Loss} with `beta` 0 (the default); one dispatch, no
 * gradient.
 *
 * @returns float32 [B, N, 4]
 */
export function l1LossElements(
  pred: Tensor,
  target: Tensor,
  assigned: Tensor,
  { beta = 0, lossWeight = 1 }: SmoothL1LossOptions = {},
): Tensor {
  const op = 'l1LossElements';
  requireRows(op, pred, target, assigned);
  if (!(beta >= 0)) throw new Error(`${op}: beta must be at least 0, got ${beta}`);
  const numbers = { params: { beta }, count: assigned.size, lossWeight };
  return lossElements(POSITIVES_SMOOTH_L1, [pred, target, assigned], numbers, pred.shape);
}

function positivesLoss(
  op: string,
  tensors: readonly [pred: Tensor, target: Tensor, assigned: Tensor],
  avgFactor: Tensor,
  { beta, lossWeight }: Readonly<Record<'beta' | 'lossWeight', number>>,
): Scalar {
  const [pred, , assigned] = tensors;
  requireRows(op, ...tensors);
  requireAvgFactor(op, avgFactor, side(op, 'pred', pred, 0));
  const numbers = { params: { beta }, count: assigned.size, lossWeight };
  return reduceLoss(POSITIVES_SMOOTH_L1, tensors, avgFactor, numbers);
}

function requireRows(op: string, pred: Tensor, target: Tensor, assigned: Tensor): void {
  requireTensor(op, 'pred', pred, 'float32', [null, null, 4]);
  requireTensor(op, 'target', target, 'float32', pred.shape);
  requireTensor(op, 'assigned', assigned, 'int32', pred.shape.slice(0, 2));
}
