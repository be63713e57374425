import { l1Loss, smoothL1Loss } from '../../ops/l1-loss/l1-loss.ts';
import type { Scalar, Tensor } from '../../tensor/tf.ts';
import type { BoxLossSpec } from './loss-options.ts';

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
}

/** The configured regression loss over the positive anchors; differentiable in `pred`. */
export function denseBoxLoss(
  { pred, deltas, assigned, avgFactor }: DenseBoxLossInput,
  spec: BoxLossSpec,
): Scalar {
  switch (spec.type) {
    case 'L1Loss':
      return l1Loss(pred, deltas, assigned, avgFactor, spec);
    case 'SmoothL1Loss':
      return smoothL1Loss(pred, deltas, assigned, avgFactor, spec);
    case 'IoULoss':
    case 'GIoULoss':
      throw new Error('denseBoxLoss: pending');
  }
}
