import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor, Tensor2D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { WORKGROUP_SIZE, matchedBoxesKernel } from './matched-boxes.wgsl.ts';

/**
 * The ground-truth box of each sampled RoI, for losses that compare boxes. One dispatch, no gradient.
 *
 * @param gtBoxes float32 [B, G, 4] xyxy
 * @param matchedGt int32 [B · S], S slots per image: ground truth of a positive, negative for all others
 * @returns float32 [B · S, 4]; zeros where there is no ground truth
 */
export function matchedBoxes(gtBoxes: Tensor, matchedGt: Tensor): Tensor2D {
  const op = 'matchedBoxes';
  requireTensor(op, 'gtBoxes', gtBoxes, 'float32', [null, null, 4]);
  requireTensor(op, 'matchedGt', matchedGt, 'int32', [null]);
  const count = side(op, 'matchedGt', matchedGt, 0);
  const perImage = count / side(op, 'gtBoxes', gtBoxes, 0);
  if (!Number.isInteger(perImage)) {
    throw new Error(`${op}: matchedGt has ${count} slots for ${gtBoxes.shape[0]} images`);
  }
  const boxes = emptyTensor<Tensor2D>([count, 4]);
  const { workgroups, rowSize } = foldWorkgroups(count, WORKGROUP_SIZE);
  runKernel(
    matchedBoxesKernel,
    [gtBoxes, matchedGt, boxes],
    { gtRows: side(op, 'gtBoxes', gtBoxes, 1), perImage, count, rowSize },
    workgroups,
  );
  return boxes;
}
