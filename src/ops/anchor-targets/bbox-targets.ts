import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor, Tensor3D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { statistics } from '../delta-coder/delta-coder.ts';
import type { DeltaCoderOptions } from '../delta-coder/delta-coder.ts';
import { WORKGROUP_SIZE, bboxTargetsKernel } from './bbox-targets.wgsl.ts';

/**
 * Regression targets (dx, dy, dw, dh) of the positive anchors, normalised by means and stds; 0 for the others.
 * No gradient: targets are constants of the loss.
 *
 * @param anchors float32 [N, 4], xyxy in input pixels
 * @param gtBoxes float32 [B, G, 4]
 * @param assigned int32 [B, N], the matched ground truth or a negative number (see `maxIouAssign`)
 * @returns float32 [B, N, 4]; infinite where a positive's ground truth has no width or height, as in MMDetection
 */
export function bboxTargets(
  anchors: Tensor,
  gtBoxes: Tensor,
  assigned: Tensor,
  options: DeltaCoderOptions = {},
): Tensor3D {
  const op = 'bboxTargets';
  requireTensor(op, 'anchors', anchors, 'float32', [null, 4]);
  requireTensor(op, 'gtBoxes', gtBoxes, 'float32', [null, null, 4]);
  const batch = side(op, 'gtBoxes', gtBoxes, 0);
  const anchorCount = side(op, 'anchors', anchors, 0);
  requireTensor(op, 'assigned', assigned, 'int32', [batch, anchorCount]);
  const parameters = statistics(op, options);
  const targets = emptyTensor<Tensor3D>([batch, anchorCount, 4]);
  const count = batch * anchorCount;
  const { workgroups, rowSize } = foldWorkgroups(count, WORKGROUP_SIZE);
  runKernel(
    bboxTargetsKernel,
    [anchors, gtBoxes, assigned, targets],
    {
      ...parameters,
      anchorCount,
      gtRows: side(op, 'gtBoxes', gtBoxes, 1),
      count,
      rowSize,
    },
    workgroups,
  );
  return targets;
}
