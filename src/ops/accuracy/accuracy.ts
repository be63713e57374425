import { emptyTensor, runKernel } from '../../tensor/kernel.ts';
import type { Tensor, Tensor1D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { accuracyKernel } from './accuracy.wgsl.ts';

/**
 * Top-1 accuracy of a classifier in percent, 0 … 100 (MMDetection's `acc`, which counts the background's rows too). Of
 * equal logits the first class counts; a row with a NaN is wrong; without rows it is 0. One dispatch, no gradient.
 *
 * @param logits float32 [R, C]
 * @param labels int32 [R]; rows with a negative label are not counted
 * @returns float32 [1]
 */
export function accuracy(logits: Tensor, labels: Tensor): Tensor1D {
  const op = 'accuracy';
  requireTensor(op, 'logits', logits, 'float32', [null, null]);
  const rows = side(op, 'logits', logits, 0);
  requireTensor(op, 'labels', labels, 'int32', [rows]);
  const percent = emptyTensor<Tensor1D>([1]);
  const numClasses = side(op, 'logits', logits, 1);
  runKernel(accuracyKernel, [logits, labels, percent], { rows, numClasses }, [1, 1, 1]);
  return percent;
}
