import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor, Tensor1D, Tensor3D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { WORKGROUP_SIZE, concatProposalsKernel } from './concat-proposals.wgsl.ts';

export interface ConcatProposalsInput {
  /** float32 [B, P, 4], xyxy, padded to P rows. */
  readonly proposals: Tensor;
  /** int32 [B], how many rows are real, 0 … P. */
  readonly proposalCounts: Tensor;
  /** float32 [B, G, 4], padded to G rows. */
  readonly gtBoxes: Tensor;
  /** int32 [B], how many rows are real, 0 … G. */
  readonly gtCounts: Tensor;
}

export interface ConcatenatedProposals {
  /** float32 [B, P + G, 4]: an image's proposals, its ground truths right behind them, then zeros. */
  readonly proposals: Tensor3D;
  /** int32 [B], how many rows are real. */
  readonly counts: Tensor1D;
}

/**
 * Each image's ground truths behind its proposals, as torchvision has them before it matches. The result goes to
 * `maxIouAssign` (as `anchors`, with `counts` as `valid`) and to `sampleRois` with `addGts: 'none'`. One dispatch.
 */
export function concatProposals(input: ConcatProposalsInput): ConcatenatedProposals {
  const op = 'concatProposals';
  const { proposals, proposalCounts, gtBoxes, gtCounts } = input;
  requireTensor(op, 'proposals', proposals, 'float32', [null, null, 4]);
  const batch = side(op, 'proposals', proposals, 0);
  const proposalRows = side(op, 'proposals', proposals, 1);
  requireTensor(op, 'proposalCounts', proposalCounts, 'int32', [batch]);
  requireTensor(op, 'gtBoxes', gtBoxes, 'float32', [batch, null, 4]);
  requireTensor(op, 'gtCounts', gtCounts, 'int32', [batch]);
  const gtRows = side(op, 'gtBoxes', gtBoxes, 1);
  const boxes = emptyTensor<Tensor3D>([batch, proposalRows + gtRows, 4]);
  const counts = emptyTensor<Tensor1D>([batch], 'int32');
  const count = batch * (proposalRows + gtRows);
  const { workgroups, rowSize } = foldWorkgroups(count, WORKGROUP_SIZE);
  runKernel(
    concatProposalsKernel,
    [proposals, proposalCounts, gtBoxes, gtCounts, boxes, counts],
    { proposalRows, gtRows, count, rowSize },
    workgroups,
  );
  return { proposals: boxes, counts };
}
