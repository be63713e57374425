import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor2D } from '../../tensor/tf.ts';
import { requireTensor } from '../argument/require-tensor.ts';
import { WORKGROUP_SIZE, boxIouKernel } from './box-iou.wgsl.ts';
import type { OverlapMode } from './box-iou.wgsl.ts';

/**
 * Overlap of every box of `a` with every box of `b` (MMDetection `bbox_overlaps`): IoU, IoF (over the area of the box of
 * `a`) or GIoU, every divisor at least 1e-6. One dispatch; no gradient (losses on boxes have their own).
 *
 * @param a float32 [N, 4], xyxy; N may be 0
 * @param b float32 [M, 4], xyxy; M may be 0
 * @returns float32 [N, M]: IoU and IoF in [0, 1] for boxes that are not inverted, GIoU in [−1, 1]; NaN for a NaN box
 */
export function boxIou(a: Tensor, b: Tensor, mode: OverlapMode = 'iou'): Tensor2D {
  const [rows = 0] = a.shape;
  const [columns = 0] = b.shape;
  requireTensor('boxIou', 'a', a, 'float32', [rows, 4]);
  requireTensor('boxIou', 'b', b, 'float32', [columns, 4]);
  const count = rows * columns;
  if (count === 0) return tf.zeros([rows, columns]);
  const overlaps = emptyTensor<Tensor2D>([rows, columns]);
  const { workgroups, rowSize } = foldWorkgroups(count, WORKGROUP_SIZE);
  runKernel(
    boxIouKernel(mode),
    [a, b, overlaps],
    { columns, count, rowSize, nan: Number.NaN },
    workgroups,
  );
  return overlaps;
}
