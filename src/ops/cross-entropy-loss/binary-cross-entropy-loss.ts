import type { Scalar, Tensor } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { lossElements, reduceLoss, requireAvgFactor } from '../loss-sum/loss-sum.ts';
import { BINARY_CROSS_ENTROPY_OF_TARGETS } from './binary-cross-entropy-loss.wgsl.ts';

/**
 * Σ over positives of the binary cross entropy with targets of 0 … 1, / (avgFactor + 1.2e-7) · lossWeight: the centerness
 * loss of FCOS (Tian et al., arXiv 1904.01355). Two dispatches, one for the gradient, which is by the logits alone.
 *
 * @param logits float32 [B, N]
 * @param targets float32 [B, N], 0 … 1
 * @param assigned int32 [B, N]; positive where ≥ 0, no weight elsewhere
 * @param avgFactor float32 [1]; or [B], one per image: the mean over images of each image's sum / its factor
 */
export function binaryCrossEntropyLoss(
  logits: Tensor,
  targets: Tensor,
  assigned: Tensor,
  avgFactor: Tensor,
  { lossWeight = 1 }: { readonly lossWeight?: number } = {},
): Scalar {
  const op = 'binaryCrossEntropyLoss';
  requireRows(op, logits, targets, assigned);
  requireAvgFactor(op, avgFactor, side(op, 'logits', logits, 0));
  const numbers = { params: {}, count: logits.size, lossWeight };
  const tensors = [logits, targets, assigned];
  return reduceLoss(BINARY_CROSS_ENTROPY_OF_TARGETS, tensors, avgFactor, numbers);
}

/**
 * The unreduced loss of {@link binaryCrossEntropyLoss}; one dispatch, no gradient.
 *
 * @returns float32 [B, N]
 */
export function binaryCrossEntropyLossElements(
  logits: Tensor,
  targets: Tensor,
  assigned: Tensor,
  { lossWeight = 1 }: { readonly lossWeight?: number } = {},
): Tensor {
  requireRows('binaryCrossEntropyLossElements', logits, targets, assigned);
  const numbers = { params: {}, count: logits.size, lossWeight };
  const tensors = [logits, targets, assigned];
  return lossElements(BINARY_CROSS_ENTROPY_OF_TARGETS, tensors, numbers, logits.shape);
}

function requireRows(op: string, logits: Tensor, targets: Tensor, assigned: Tensor): void {
  requireTensor(op, 'logits', logits, 'float32', [null, null]);
  requireTensor(op, 'targets', targets, 'float32', logits.shape);
  requireTensor(op, 'assigned', assigned, 'int32', logits.shape);
}
