import { tf } from '../../tensor/tf.ts';
import type { Scalar, Tensor } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { classWeightTensor, rowWeightOf } from '../loss-sum/class-weight.ts';
import type { PosWeightOption } from '../loss-sum/class-weight.ts';
import { reduceLoss, requireAvgFactor } from '../loss-sum/loss-sum.ts';
import { sigmoidCrossEntropyTerm } from './sigmoid-cross-entropy-loss.wgsl.ts';

/** `CrossEntropyLoss` of MMDetection with `use_sigmoid`. */
export interface SigmoidCrossEntropyOptions extends PosWeightOption {
  /** Default 1. */
  readonly lossWeight?: number;
  /** One weight per class, of the term in which the class is the target (PyTorch's `pos_weight`). Default all 1. */
  readonly classWeight?: readonly number[];
}

/**
 * Sum over rows and classes of the binary cross entropy with the labels' one-hot rows, / (avgFactor + 1.2e-7) ·
 * lossWeight (MMDetection 3.x `CrossEntropyLoss` with `use_sigmoid`). Two dispatches, one for the gradient, which is by
 * the logits alone.
 *
 * @param logits float32 [B, N, K]
 * @param labels int32 [B, N]: class 0 … K − 1; K is background (an all-zero target); −1 has no weight
 * @param avgFactor float32 [1]; or [B], one per image: the mean over images of each image's sum / its factor
 */
export function sigmoidCrossEntropyLoss(
  logits: Tensor,
  labels: Tensor,
  avgFactor: Tensor,
  { lossWeight = 1, classWeight, posWeight }: SigmoidCrossEntropyOptions = {},
): Scalar {
  const op = 'sigmoidCrossEntropyLoss';
  requireTensor(op, 'logits', logits, 'float32', [null, null, null]);
  requireTensor(op, 'labels', labels, 'int32', logits.shape.slice(0, 2));
  requireAvgFactor(op, avgFactor, side(op, 'logits', logits, 0));
  const numClasses = side(op, 'logits', logits, 2);
  const params = { numClasses, posWeight: rowWeightOf(posWeight) };
  const numbers = { params, count: logits.size, lossWeight };
  return tf.tidy(() => {
    const weights = classWeight ? [classWeightTensor(op, classWeight, numClasses)] : [];
    const term = sigmoidCrossEntropyTerm(weights.length > 0);
    return reduceLoss(term, [logits, labels, ...weights], avgFactor, numbers);
  });
}
