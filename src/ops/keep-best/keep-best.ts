import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '../../tensor/tf.ts';
import { side } from '../argument/require-tensor.ts';
import { nmsOfImages } from '../nms/nms.ts';
import { softNmsOfImages } from '../soft-nms/soft-nms.ts';
import type { SoftNmsOptions } from '../soft-nms/soft-nms.ts';
import { WORKGROUP_SIZE, gatherKeptKernel } from './keep-best.wgsl.ts';

/** Boxes to choose from, in C slots per image. */
export interface Candidates {
  /** float32 [B, C, 4], xyxy. */
  readonly boxes: Tensor3D;
  /** float32 [B, C]. */
  readonly scores: Tensor2D;
  /** int32 [B, C]: class or level, kept apart by NMS; −1 for a slot that is empty. */
  readonly labels: Tensor2D;
}

/** Detections by descending score, padded to M = maxPerImg. */
export interface Detections {
  /** float32 [B, M, 4], xyxy; 0 behind the last detection. */
  readonly boxes: Tensor3D;
  /** float32 [B, M]; 0 behind the last detection. */
  readonly scores: Tensor2D;
  /** int32 [B, M]: class 0 … K − 1; −1 behind the last detection. */
  readonly labels: Tensor2D;
  /** int32 [B]: number of detections. */
  readonly counts: Tensor1D;
}

/** mmcv's `nms` config of type `nms`. */
export interface HardNmsOptions {
  readonly type?: 'nms';
  /** `iou_threshold`, default 0.5. */
  readonly iouThreshold?: number;
  /** Whether boxes of different labels suppress each other too. `class_agnostic`, default false. */
  readonly classAgnostic?: boolean;
}

/** mmcv's `nms` config of type `soft_nms`. */
export interface SoftNmsChoice extends SoftNmsOptions {
  readonly type: 'soft_nms';
  /** `class_agnostic`, default false. */
  readonly classAgnostic?: boolean;
}

export type NmsOptions = HardNmsOptions | SoftNmsChoice;

/**
 * NMS of the candidates and the best `maxPerImg` that it leaves, packed. Two dispatches with soft-NMS, four without, no
 * readback.
 *
 * @param scaleFactors float32 [B, 2]: the kept boxes are divided by them; null leaves them as they are
 */
export function keepBest(
  { boxes, scores, labels }: Candidates,
  nms: NmsOptions,
  maxPerImg: number,
  scaleFactors: Tensor | null,
): Detections {
  const set = { boxes, scores, classes: labels, maxOut: maxPerImg };
  const { classAgnostic = false } = nms;
  if (nms.type === 'soft_nms') {
    const chosen = softNmsOfImages({ ...set, classAgnostic, options: nms });
    const kept = gather(chosen.keep, boxes, labels, null, scaleFactors);
    chosen.keep.dispose();
    return { ...kept, scores: chosen.scores, counts: chosen.counts };
  }
  const { keep, counts } = nmsOfImages({
    ...set,
    classAgnostic,
    iouThreshold: nms.iouThreshold ?? 0.5,
  });
  const keptScores = emptyTensor<Tensor2D>(keep.shape);
  const kept = gather(keep, boxes, labels, { from: scores, to: keptScores }, scaleFactors);
  keep.dispose();
  return { ...kept, scores: keptScores, counts };
}

function gather(
  keep: Tensor2D,
  boxes: Tensor3D,
  labels: Tensor2D,
  scores: Readonly<Record<'from' | 'to', Tensor2D>> | null,
  scaleFactors: Tensor | null,
): Pick<Detections, 'boxes' | 'labels'> {
  const [batch, maxPerImage] = keep.shape;
  const kept = {
    boxes: emptyTensor<Tensor3D>([batch, maxPerImage, 4]),
    labels: emptyTensor<Tensor2D>([batch, maxPerImage], 'int32'),
  };
  const { workgroups, rowSize } = foldWorkgroups(keep.size, WORKGROUP_SIZE);
  runKernel(
    gatherKeptKernel({ scores: scores !== null, rescale: scaleFactors !== null }),
    [
      keep,
      boxes,
      labels,
      ...[scores?.from, scaleFactors ?? undefined].filter((tensor) => tensor !== undefined),
      kept.boxes,
      kept.labels,
      ...(scores === null ? [] : [scores.to]),
    ],
    { slots: side('keepBest', 'labels', labels, 1), maxPerImage, count: keep.size, rowSize },
    workgroups,
  );
  return kept;
}
