import { emptyTensor, runKernel } from '../../tensor/kernel.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor1D, Tensor2D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import {
  MASK_SIZE,
  SORT_SIZE,
  maskWords,
  nmsMaskKernel,
  nmsSortKernel,
  nmsSweepKernel,
} from './nms.wgsl.ts';

/** At most so many words of mask are there at once: 128 MiB, the storage binding that every device has. */
const MOST_MASK_WORDS = 2 ** 25;

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
 * Exact greedy NMS of every image in three dispatches, without a readback: boxes by descending score, ties by index; a
 * box goes when its IoU with a kept one of its class is strictly above the threshold. Classes are kept apart as mmcv's
 * `batched_nms` does, by moving them by class · (largest coordinate + 1) in float32. Boxes with a NaN in score or
 * coordinates are never kept and suppress nothing.
 * mmcv runs class after class from 10,000 boxes on (`split_thr`), with the boxes moved all the same, and orders what is
 * left by score: the result is this one. torchvision does so without moving the boxes (from 1,000 or 5,000 boxes on),
 * which differs where moving rounds an IoU across the threshold.
 * Uses about N² / 64 words per image (1.6 MB for 5,000 boxes, 25 MB for 20,000), at most 128 MiB at a time: larger batches
 * take two more dispatches per 128 MiB. No gradient: indices have none.
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
  const order = emptyTensor([batch, boxCount], 'int32');
  const sorted = emptyTensor([batch, boxCount, 4]);
  const present = emptyTensor([batch], 'int32');
  const keep = emptyTensor<Tensor2D>([batch, maxOut], 'int32');
  const counts = emptyTensor<Tensor1D>([batch], 'int32');
  runKernel(
    nmsSortKernel({ classes: classes !== null, apart: classes !== null && !classAgnostic }),
    [boxes, scores, ...(classes === null ? [] : [classes]), order, sorted, present],
    { boxCount },
    [Math.ceil(boxCount / SORT_SIZE), batch, 1],
  );
  const words = Math.ceil(boxCount / 32);
  const maskSize = maskWords(boxCount);
  const imagesAtOnce = Math.min(Math.max(Math.floor(MOST_MASK_WORDS / maskSize), 1), batch);
  const mask = emptyTensor([imagesAtOnce, maskSize], 'int32');
  for (let firstImage = 0; firstImage < batch; firstImage += imagesAtOnce) {
    const images = Math.min(imagesAtOnce, batch - firstImage);
    const params = { boxCount, maskSize, firstImage, iouThreshold, maxOut };
    const rowGroups = Math.ceil((32 * words) / MASK_SIZE);
    runKernel(nmsMaskKernel, [sorted, present, mask], params, [rowGroups, words, images]);
    runKernel(nmsSweepKernel(words), [order, present, mask, keep, counts], params, [images, 1, 1]);
  }
  tf.dispose([order, sorted, present, mask]);
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
