import type { Scalar, Tensor } from '../../tensor/tf.ts';
import type { Deltas } from '../iou-loss/box-form.ts';
import { iouLoss } from '../iou-loss/iou-loss.ts';
import type { IouLossOptions } from '../iou-loss/iou-loss.ts';

/** `GIoULoss` of MMDetection with `reg_decoded_bbox`, and the coder of the predictions. */
export type GiouLossOptions = Omit<IouLossOptions, 'measure'> & Omit<Deltas, 'kind' | 'anchors'>;

/**
 * Σ (1 − GIoU) of the positive anchors' decoded boxes with their ground truths, / (avgFactor + 1.2e-7) · lossWeight:
 * {@link iouLoss} for an anchor head.
 *
 * @param pred float32 [B, N, 4], deltas
 * @param anchors float32 [N, 4], xyxy
 * @param gtBoxes float32 [B, G, 4], xyxy
 * @param assigned int32 [B, N], see `maxIouAssign`; positive where ≥ 0
 * @param avgFactor float32 [1]
 */
export function giouLoss(
  pred: Tensor,
  anchors: Tensor,
  gtBoxes: Tensor,
  assigned: Tensor,
  avgFactor: Tensor,
  { lossWeight = 1, eps = 1e-6, ...coder }: GiouLossOptions = {},
): Scalar {
  const form = { kind: 'deltas', anchors, ...coder } as const;
  const input = { pred, form, goal: { gtBoxes, assigned }, avgFactor };
  return iouLoss(input, { measure: 'giou', lossWeight, eps });
}
