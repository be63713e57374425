import { emptyTensor, runKernel } from '../../tensor/kernel.ts';
import type { Tensor, Tensor1D, Tensor2D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { softNmsKernel } from './soft-nms.wgsl.ts';

/** mmcv's `soft_nms`. */
export interface SoftNmsOptions {
  /** How the score of a box falls with its IoU with a better one. Default 'linear'. */
  readonly method?: 'linear' | 'gaussian' | 'naive';
  /** From this IoU on linear gives 1 − IoU, naive 0; gaussian does not use it. `iou_threshold`, default 0.3. */
  readonly iouThreshold?: number;
  /** Gaussian: exp(−IoU² / sigma). Default 0.5. */
  readonly sigma?: number;
  /** Below it a box is dropped. `min_score`, default 0.001. */
  readonly minScore?: number;
}

export interface ImagesSoftNmsInput {
  /** float32 [B, N, 4], xyxy. */
  readonly boxes: Tensor;
  /** float32 [B, N]. */
  readonly scores: Tensor;
  /** int32 [B, N], −1 for a box that is not there; null: all boxes are of one class. */
  readonly classes: Tensor | null;
  /** Whether boxes of different classes weaken each other too. Default false. */
  readonly classAgnostic?: boolean;
  /** At most this many are kept per image. */
  readonly maxOut: number;
  readonly options?: SoftNmsOptions;
}

/** What soft-NMS kept of each image. */
export interface ImagesSoftNmsResult {
  /** int32 [B, maxOut]: numbers of the kept boxes by descending weakened score, then −1. */
  readonly keep: Tensor2D;
  /** float32 [B, maxOut]: the weakened scores, then 0. */
  readonly scores: Tensor2D;
  /** int32 [B] */
  readonly counts: Tensor1D;
}

/**
 * Soft-NMS of every image in one dispatch, without a readback, as mmcv's `batched_nms` with type `soft_nms`: classes are
 * kept apart by moving them by class · (largest coordinate + 1). Ties go to the lower index, where mmcv's depend on the
 * swaps it has made before. From 10,000 boxes on (`split_thr`) mmcv runs class after class and orders all by score: the
 * same boxes in the same order, except that the best box of every class, and not only the best of all, stays when it is
 * below minScore from the start. Boxes with a NaN take no part. No gradient: indices have none, and the detections that
 * come out are not trained on.
 */
export function softNmsOfImages(input: ImagesSoftNmsInput): ImagesSoftNmsResult {
  const op = 'softNmsOfImages';
  const { boxes, scores, classes, classAgnostic = false, maxOut, options = {} } = input;
  const { method = 'linear', iouThreshold = 0.3, sigma = 0.5, minScore = 1e-3 } = options;
  requireTensor(op, 'boxes', boxes, 'float32', [null, null, 4]);
  const batch = side(op, 'boxes', boxes, 0);
  const boxCount = side(op, 'boxes', boxes, 1);
  requireTensor(op, 'scores', scores, 'float32', [batch, boxCount]);
  if (classes !== null) requireTensor(op, 'classes', classes, 'int32', [batch, boxCount]);
  if (!(iouThreshold >= 0 && iouThreshold <= 1)) {
    throw new Error(`${op}: iouThreshold must be in [0, 1], got ${iouThreshold}`);
  }
  if (!(sigma > 0)) throw new Error(`${op}: sigma must be above 0, got ${sigma}`);
  if (!(minScore >= 0)) throw new Error(`${op}: minScore must be at least 0, got ${minScore}`);
  if (!Number.isInteger(maxOut) || maxOut < 1) {
    throw new Error(`${op}: maxOut must be a whole number above 0, got ${maxOut}`);
  }
  const current = emptyTensor([batch, boxCount]);
  const keep = emptyTensor<Tensor2D>([batch, maxOut], 'int32');
  const keptScores = emptyTensor<Tensor2D>([batch, maxOut]);
  const counts = emptyTensor<Tensor1D>([batch], 'int32');
  const bound = classes === null ? [] : [classes];
  runKernel(
    softNmsKernel({
      classes: classes !== null,
      apart: classes !== null && !classAgnostic,
      method,
    }),
    [boxes, scores, ...bound, current, keep, keptScores, counts],
    { boxCount, maxOut, iouThreshold, sigma, minScore },
    [batch, 1, 1],
  );
  current.dispose();
  return { keep, scores: keptScores, counts };
}
