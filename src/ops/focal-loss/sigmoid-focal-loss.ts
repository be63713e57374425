import type { Scalar, Tensor } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { rowWeightOf } from '../loss-sum/class-weight.ts';
import type { PosWeightOption } from '../loss-sum/class-weight.ts';
import { lossElements, reduceLoss, requireAvgFactor } from '../loss-sum/loss-sum.ts';
import type { LossNumbers } from '../loss-sum/loss-sum.ts';
import type { LossTerm } from '../loss-sum/loss-term.wgsl.ts';
import { FOCAL_OF_LABELS, FOCAL_OF_TARGETS } from './sigmoid-focal-loss.wgsl.ts';

/** `FocalLoss` of MMDetection with `use_sigmoid`. */
export interface FocalLossOptions extends PosWeightOption {
  /** Default 2. */
  readonly gamma?: number;
  /** Weight of the target class, 1 − alpha for the others; below 0: no such weights (torchvision). Default 0.25. */
  readonly alpha?: number;
  /** Default 1. */
  readonly lossWeight?: number;
}

/**
 * Sum of the sigmoid focal loss over all anchors and classes, / (avgFactor + 1.2e-7) · lossWeight (MMDetection 3.x
 * `FocalLoss`; the same at any logit, where its formula would overflow). Two dispatches, one for the gradient; the
 * gradient is by the logits alone and reads the upstream scalar on the GPU.
 *
 * @param logits float32 [B, N, K]
 * @param targets int32 [B, N]: class 0 … K − 1; K is background (an all-zero target); −1 has no weight. Or float32
 *   [B, N, K] of 0 and 1 (torchvision's form), all of weight 1
 * @param avgFactor float32 [1]; or [B], one per image: the mean over images of each image's sum / its factor
 */
export function sigmoidFocalLoss(
  logits: Tensor,
  targets: Tensor,
  avgFactor: Tensor,
  options: FocalLossOptions = {},
): Scalar {
  const op = 'sigmoidFocalLoss';
  const { term, numbers } = prepare(op, logits, targets, options);
  requireAvgFactor(op, avgFactor, side(op, 'logits', logits, 0));
  return reduceLoss(term, [logits, targets], avgFactor, numbers);
}

/**
 * The unreduced loss of {@link sigmoidFocalLoss}; one dispatch, no gradient.
 *
 * @returns float32 [B, N, K]
 */
export function sigmoidFocalLossElements(
  logits: Tensor,
  targets: Tensor,
  options: FocalLossOptions = {},
): Tensor {
  const { term, numbers } = prepare('sigmoidFocalLossElements', logits, targets, options);
  return lossElements(term, [logits, targets], numbers, logits.shape);
}

function prepare(
  op: string,
  logits: Tensor,
  targets: Tensor,
  { gamma = 2, alpha = 0.25, lossWeight = 1, posWeight }: FocalLossOptions,
): { readonly term: LossTerm; readonly numbers: LossNumbers } {
  requireTensor(op, 'logits', logits, 'float32', [null, null, null]);
  if (!(gamma >= 0)) throw new Error(`${op}: gamma must be at least 0, got ${gamma}`);
  const count = logits.size;
  if (targets.dtype === 'float32') {
    requireTensor(op, 'targets', targets, 'float32', logits.shape);
    if (posWeight !== undefined) throw new Error(`${op}: posWeight needs labels as targets`);
    return { term: FOCAL_OF_TARGETS, numbers: { params: { gamma, alpha }, count, lossWeight } };
  }
  const numClasses = side(op, 'logits', logits, 2);
  requireTensor(op, 'labels', targets, 'int32', logits.shape.slice(0, 2));
  const params = { numClasses, gamma, alpha, posWeight: rowWeightOf(posWeight) };
  return { term: FOCAL_OF_LABELS, numbers: { params, count, lossWeight } };
}
