import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor1D, Tensor2D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import {
  WORKGROUP_SIZE,
  assignKernel,
  countPositivesKernel,
  gtBestKernel,
  overlapsKernel,
} from './max-iou-assign.wgsl.ts';

/** `MaxIoUAssigner` of MMDetection; all thresholds are IoUs in [0, 1]. */
export interface MaxIouAssignOptions {
  /** At or above: positive. */
  readonly posIouThr: number;
  /** Below: background; or a range [low, high) that is background. Between this and `posIouThr`: ignored. */
  readonly negIouThr: number | readonly [low: number, high: number];
  /** A ground truth whose best IoU is below this gets no low-quality match. Default 0. */
  readonly minPosIou?: number;
  /** Whether a ground truth also gets the anchors that are its best. Default true. */
  readonly matchLowQuality?: boolean;
  /** Whether all anchors with exactly the best IoU, or only the first, become low-quality matches. Default true. */
  readonly gtMaxAssignAll?: boolean;
}

export interface MaxIouAssignInput {
  /** float32 [N, 4], xyxy in input pixels; the same for all images. */
  readonly anchors: Tensor;
  /** int32 [B, N]; anchors with 0 take no part, as if they were not there. */
  readonly valid: Tensor;
  /** float32 [B, G, 4], padded to G rows. */
  readonly gtBoxes: Tensor;
  /** int32 [B, G], 0 … K − 1. */
  readonly gtLabels: Tensor;
  /** int32 [B], how many rows are real, 0 … G. */
  readonly gtCounts: Tensor;
  readonly options: MaxIouAssignOptions;
  /** K; also the label of the background. */
  readonly numClasses: number;
}

export interface MaxIouAssignment {
  /** int32 [B, N]: the matched ground truth (≥ 0), −1 background, −2 ignored or not valid. */
  readonly assigned: Tensor2D;
  /** float32 [B, N]: best IoU with any ground truth; 0 where there is none, −1 where the anchor is not valid. */
  readonly maxIou: Tensor2D;
  /** int32 [B, N]: class 0 … K − 1, K for background, −1 for no weight (ignored or not valid). */
  readonly labels: Tensor2D;
  /** int32 [B]: number of positive anchors. */
  readonly numPos: Tensor1D;
}

const OP = 'maxIouAssign';

/**
 * Assigns anchors to ground truths by IoU, exactly as MMDetection 3.x `MaxIoUAssigner` does (without ignore boxes, which
 * its RetinaNet and Faster R-CNN configs switch off): negatives, then positives with the first best ground truth, then
 * low-quality matches, where a later ground truth overwrites an earlier one and also another's positives. With
 * `minPosIou` 0 a ground truth that touches nothing takes every anchor of IoU 0 that is left to it; keep such boxes out.
 * Four dispatches whatever the number of ground truths; no gradient (the result is constant) and no readback.
 *
 * @throws Error when a shape, a type or a threshold does not fit
 */
export function maxIouAssign(input: MaxIouAssignInput): MaxIouAssignment {
  const { anchors, valid, gtBoxes, gtLabels, gtCounts, options, numClasses } = input;
  requireTensor(OP, 'anchors', anchors, 'float32', [null, 4]);
  requireTensor(OP, 'gtBoxes', gtBoxes, 'float32', [null, null, 4]);
  const n = side(OP, 'anchors', anchors, 0);
  const batch = side(OP, 'gtBoxes', gtBoxes, 0);
  const gtRows = side(OP, 'gtBoxes', gtBoxes, 1);
  requireTensor(OP, 'valid', valid, 'int32', [batch, n]);
  requireTensor(OP, 'gtLabels', gtLabels, 'int32', [batch, gtRows]);
  requireTensor(OP, 'gtCounts', gtCounts, 'int32', [batch]);
  const { posIouThr, minPosIou = 0, matchLowQuality = true, gtMaxAssignAll = true } = options;
  const [negLow, negHigh] =
    typeof options.negIouThr === 'number' ? [0, options.negIouThr] : options.negIouThr;
  for (const [key, value] of Object.entries({ posIouThr, minPosIou, negLow, negHigh })) {
    // A negative threshold would match what takes no part, which is marked by an IoU of −1.
    if (!(value >= 0)) throw new Error(`${OP}: ${key} must be at least 0, got ${value}`);
  }

  const overlaps = emptyTensor([batch, gtRows, n]);
  const maxIou = emptyTensor<Tensor2D>([batch, n]);
  const bestGt = emptyTensor([batch, n], 'int32');
  const gtBest = emptyTensor([batch, gtRows], 'int32');
  const assigned = emptyTensor<Tensor2D>([batch, n], 'int32');
  const labels = emptyTensor<Tensor2D>([batch, n], 'int32');
  const numPos = emptyTensor<Tensor1D>([batch], 'int32');

  const perAnchor = foldWorkgroups(batch * n, WORKGROUP_SIZE);
  const sizes = { anchorCount: n, gtRows, count: batch * n, rowSize: perAnchor.rowSize };
  runKernel(
    overlapsKernel,
    [anchors, valid, gtBoxes, gtCounts, overlaps, maxIou, bestGt],
    sizes,
    perAnchor.workgroups,
  );
  runKernel(gtBestKernel(gtMaxAssignAll), [overlaps, gtBest], { anchorCount: n, minPosIou }, [
    batch * gtRows,
    1,
    1,
  ]);
  runKernel(
    assignKernel({ matchLowQuality, assignAll: gtMaxAssignAll }),
    [overlaps, maxIou, bestGt, gtBest, gtLabels, gtCounts, assigned, labels],
    { ...sizes, posIou: posIouThr, negLow, negHigh, numClasses },
    perAnchor.workgroups,
  );
  runKernel(countPositivesKernel, [assigned, numPos], { anchorCount: n }, [batch, 1, 1]);
  tf.dispose([overlaps, bestGt, gtBest]);
  return { assigned, maxIou, labels, numPos };
}
