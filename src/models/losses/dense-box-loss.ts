import { iouLoss } from '../../ops/iou-loss/iou-loss.ts';
import { l1Loss, smoothL1Loss } from '../../ops/l1-loss/l1-loss.ts';
import type { Scalar, Tensor } from '../../tensor/tf.ts';
import type { BoxLossSpec, CoderSpec } from './loss-options.ts';

/** What a box loss on anchors needs; B images, N anchors, G padded ground truths. */
export interface DenseBoxLossInput {
  /** float32 [B, N, 4], dx dy dw dh */
  readonly pred: Tensor;
  /** float32 [B, N, 4] */
  readonly deltas: Tensor;
  /** int32 [B, N]: matched ground truth; positive where ≥ 0 */
  readonly assigned: Tensor;
  /** float32 [1], or [B]: one divisor per image */
  readonly avgFactor: Tensor;
  /** float32 [N, 4] xyxy */
  readonly anchors: Tensor;
  /** float32 [B, G, 4] xyxy */
  readonly gtBoxes: Tensor;
}

/** The configured regression loss over the positive anchors; differentiable in `pred`. */
export function denseBoxLoss(
  { pred, deltas, assigned, avgFactor, anchors, gtBoxes }: DenseBoxLossInput,
  spec: BoxLossSpec,
  coder: CoderSpec,
): Scalar {
  if (spec.type === 'L1Loss') return l1Loss(pred, deltas, assigned, avgFactor, spec);
  if (spec.type === 'SmoothL1Loss') {
    return spec.beta === 0
      ? l1Loss(pred, deltas, assigned, avgFactor, spec)
      : smoothL1Loss(pred, deltas, assigned, avgFactor, spec);
  }
  return iouLoss(
    { pred, form: { kind: 'deltas', anchors, ...coder }, goal: { gtBoxes, assigned }, avgFactor },
    { ...spec, measure: iouMeasure(spec) },
  );
}

/** Which function of the overlap a loss is. */
export function iouMeasure(
  spec: Extract<BoxLossSpec, { type: 'IoULoss' | 'GIoULoss' }>,
): 'giou' | 'log' | 'linear' | 'square' {
  return spec.type === 'GIoULoss' ? 'giou' : spec.mode;
}
