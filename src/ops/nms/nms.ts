import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor1D, Tensor2D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import {
  WORKGROUP_SIZE,
  nmsKeysKernel,
  nmsMaskKernel,
  nmsSortKernel,
  nmsSweepKernel,
} from './nms.wgsl.ts';

/** What NMS kept of one set of boxes. */
export interface NmsResult {
  /** int32 [maxOut]: numbers of the kept boxes by descending score, then −1. */
  readonly keep: Tensor1D;
  /** int32 [1]: how many are kept. */
  readonly count: Tensor1D;
}

/** What NMS kept of each image. */
export interface ImagesNmsResult {
  /** int32 [B, maxOut]: numbers of the kept boxes by descending score, then −1. */
  readonly keep: Tensor2D;
  /** int32 [B] */
  readonly counts: Tensor1D;
}

export interface ImagesNmsInput {
  /** float32 [B, N, 4], xyxy. */
  readonly boxes: Tensor;
  /** float32 [B, N]. */
  readonly scores: Tensor;
  /** int32 [B, N], −1 for a box that is not there; null: all boxes are of one class. */
  readonly classes: Tensor | null;
  /** Whether boxes of different classes suppress each other too. Default false. */
  readonly classAgnostic?: boolean;
  readonly iouThreshold: number;
  /** At most this many are kept per image. */
  readonly maxOut: number;
}

/**
 * Exact greedy NMS of every image in four dispatches, without a readback: boxes by descending score, ties by index; a
 * box goes when its IoU with a kept one of its class is strictly above the threshold. Classes are kept apart as mmcv's
 * `batched_nms` does, by moving them by class · (largest coordinate + 1) in float32. Boxes with a NaN in score or
 * coordinates are never kept and suppress nothing.
 * Uses ⌈N / 32⌉ · N words per image (3 MB for 5,000 boxes). No gradient: indices have none.
 */
export function nmsOfImages(input: ImagesNmsInput): ImagesNmsResult {
  const op = 'nmsOfImages';
  const { boxes, scores, classes, classAgnostic = false, iouThreshold, maxOut } = input;
  requireTensor(op, 'boxes', boxes, 'float32', [null, null, 4]);
  const batch = side(op, 'boxes', boxes, 0);
  const boxCount = side(op, 'boxes', boxes, 1);
  requireTensor(op, 'scores', scores, 'float32', [batch, boxCount]);
  if (classes !== null) requireTensor(op, 'classes', classes, 'int32', [batch, boxCount]);
  checkOptions(op, iouThreshold, maxOut);
  const words = Math.ceil(boxCount / 32);
  const keys = emptyTensor([batch, boxCount], 'int32');
  const maxCoordinate = emptyTensor([batch]);
  const order = emptyTensor([batch, boxCount], 'int32');
  const sorted = emptyTensor([batch, boxCount, 4]);
  const mask = emptyTensor([batch, words, boxCount], 'int32');
  const keep = emptyTensor<Tensor2D>([batch, maxOut], 'int32');
  const counts = emptyTensor<Tensor1D>([batch], 'int32');

  const present = classes === null ? [] : [classes];
  runKernel(
    nmsKeysKernel({ classes: classes !== null }),
    [boxes, scores, ...present, keys, maxCoordinate],
    { boxCount },
    [batch, 1, 1],
  );
  const perBox = foldWorkgroups(batch * boxCount, WORKGROUP_SIZE);
  runKernel(
    nmsSortKernel({ apart: classes !== null && !classAgnostic }),
    [keys, boxes, maxCoordinate, ...(classAgnostic ? [] : present), order, sorted],
    { boxCount, count: batch * boxCount, rowSize: perBox.rowSize },
    perBox.workgroups,
  );
  const perWord = foldWorkgroups(mask.size, WORKGROUP_SIZE);
  runKernel(
    nmsMaskKernel,
    [sorted, mask],
    { boxCount, words, iouThreshold, count: mask.size, rowSize: perWord.rowSize },
    perWord.workgroups,
  );
  runKernel(nmsSweepKernel(words), [order, mask, keep, counts], { boxCount, maxOut }, [
    batch,
    1,
    1,
  ]);
  tf.dispose([keys, maxCoordinate, order, sorted, mask]);
  return { keep, counts };
}

/**
 * NMS of one set of boxes, see {@link nmsOfImages}.
 *
 * @param boxes float32 [N, 4]; N may be 0
 * @param scores float32 [N]
 * @param maxOut length of the result; N where it is not given
 */
export function nms(
  boxes: Tensor,
  scores: Tensor,
  iouThreshold: number,
  maxOut: number = Math.max(boxes.shape[0] ?? 0, 1),
): NmsResult {
  return ofOneSet('nms', boxes, scores, null, iouThreshold, maxOut);
}

/**
 * NMS of one set of boxes in which boxes of different classes do not suppress each other, see {@link nmsOfImages}.
 *
 * @param classes int32 [N]
 */
export function batchedNms(
  boxes: Tensor,
  scores: Tensor,
  classes: Tensor,
  iouThreshold: number,
  maxOut: number = Math.max(boxes.shape[0] ?? 0, 1),
): NmsResult {
  return ofOneSet('batchedNms', boxes, scores, classes, iouThreshold, maxOut);
}

function ofOneSet(
  op: string,
  boxes: Tensor,
  scores: Tensor,
  classes: Tensor | null,
  iouThreshold: number,
  maxOut: number,
): NmsResult {
  const n = boxes.shape[0] ?? 0;
  if (n === 0) {
    checkOptions(op, iouThreshold, maxOut);
    return { keep: tf.fill([maxOut], -1, 'int32'), count: tf.fill([1], 0, 'int32') };
  }
  requireTensor(op, 'boxes', boxes, 'float32', [n, 4]);
  requireTensor(op, 'scores', scores, 'float32', [n]);
  if (classes !== null) requireTensor(op, 'classes', classes, 'int32', [n]);
  return tf.tidy(() => {
    const { keep, counts } = nmsOfImages({
      boxes: boxes.reshape([1, n, 4]),
      scores: scores.reshape([1, n]),
      classes: classes === null ? null : classes.reshape([1, n]),
      iouThreshold,
      maxOut,
    });
    return { keep: keep.as1D(), count: counts };
  });
}

function checkOptions(op: string, iouThreshold: number, maxOut: number): void {
  if (!(iouThreshold >= 0 && iouThreshold <= 1)) {
    throw new Error(`${op}: iouThreshold must be in [0, 1], got ${iouThreshold}`);
  }
  if (!Number.isInteger(maxOut) || maxOut < 1) {
    throw new Error(`${op}: maxOut must be a whole number above 0, got ${maxOut}`);
  }
}
