import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor, Tensor1D, Tensor2D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { WORKGROUP_SIZE, proposalRoisKernel } from './proposal-rois.wgsl.ts';

/** RoIs of all images, P slots each. */
export interface ProposalRois {
  /** float32 [B · P, 5]: number of the image, x1, y1, x2, y2; zeros in an empty slot. */
  readonly rois: Tensor2D;
  /** int32 [B · P]: 1, or 0 for an empty slot. */
  readonly present: Tensor1D;
}

/**
 * Proposals of a batch as RoIs (MMDetection `bbox2roi`), each image with its P slots. One dispatch, no gradient.
 *
 * @param proposals float32 [B, P, 4] xyxy
 * @param counts int32 [B], how many are real, 0 … P
 */
export function proposalRois(proposals: Tensor, counts: Tensor): ProposalRois {
  const op = 'proposalRois';
  requireTensor(op, 'proposals', proposals, 'float32', [null, null, 4]);
  const batch = side(op, 'proposals', proposals, 0);
  const perImage = side(op, 'proposals', proposals, 1);
  requireTensor(op, 'counts', counts, 'int32', [batch]);
  const count = batch * perImage;
  const rois = emptyTensor<Tensor2D>([count, 5]);
  const present = emptyTensor<Tensor1D>([count], 'int32');
  const { workgroups, rowSize } = foldWorkgroups(count, WORKGROUP_SIZE);
  runKernel(
    proposalRoisKernel,
    [proposals, counts, rois, present],
    { perImage, count, rowSize },
    workgroups,
  );
  return { rois, present };
}
