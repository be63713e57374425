import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { maxSizeRatio, statistics } from '../delta-coder/delta-coder.ts';
import type { DecodeOptions } from '../delta-coder/delta-coder.ts';
import { nmsOfImages } from '../nms/nms.ts';
import { filterScoresAndTopK } from '../top-k/filter-scores-and-top-k.ts';
import { WORKGROUP_SIZE, candidatesKernel, gatherKeptKernel } from './retina-predict.wgsl.ts';

/** MMDetection's `test_cfg` of a one-stage detector, and its box coder. */
export interface RetinaPredictOptions {
  /** Strictly above it a score counts; at least 0. `score_thr`, default 0.05. */
  readonly scoreThr?: number;
  /** Best (anchor, class) pairs per level. `nms_pre`, default 1000. */
  readonly nmsPre?: number;
  /** Boxes with width or height not above it are dropped, in pixels of the result; below 0: none. Default 0. */
  readonly minBboxSize?: number;
  /** `nms.iou_threshold`, default 0.5. */
  readonly nmsIouThreshold?: number;
  /** `nms.class_agnostic`, default false. */
  readonly classAgnostic?: boolean;
  /** `max_per_img`, default 100. */
  readonly maxPerImg?: number;
  readonly coder?: DecodeOptions;
}

export interface RetinaPredictInput {
  /** float32 [B, n_l, K] per level, before the sigmoid. */
  readonly clsLogitsPerLevel: readonly Tensor[];
  /** float32 [B, n_l, 4] per level. */
  readonly bboxPredPerLevel: readonly Tensor[];
  /** float32 [N, 4] of all levels, xyxy in input pixels. */
  readonly anchors: Tensor;
  /** float32 or int32 [B, 2]: height and width of each image after resizing, without padding. */
  readonly imgShapes: Tensor;
  /** float32 [B, 2]: (width, height) of the resized over the original image; null leaves boxes in input pixels. */
  readonly scaleFactors: Tensor | null;
  readonly options?: RetinaPredictOptions;
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

const OP = 'retinaPredict';

/**
 * From the head's outputs to detections, as MMDetection 3.x `BaseDenseHead.predict_by_feat` does it: per level σ, score
 * threshold, best `nmsPre` pairs; then decode, clip to the image, rescale, size filter, class-wise NMS and the best
 * `maxPerImg`. Everything stays on the GPU, in static shapes: nine dispatches besides joining the levels, no readback.
 */
export function retinaPredict(input: RetinaPredictInput): Detections {
  const { clsLogitsPerLevel, bboxPredPerLevel, anchors, imgShapes, scaleFactors } = input;
  const { options = {} } = input;
  const { scoreThr = 0.05, nmsPre = 1000, minBboxSize = 0, nmsIouThreshold = 0.5 } = options;
  const { classAgnostic = false, maxPerImg = 100, coder = {} } = options;
  const parameters = {
    ...statistics(OP, coder),
    maxRatio: maxSizeRatio(OP, coder),
    ctrClamp: coder.ctrClamp ?? 32,
    minBboxSize,
  };
  return tf.tidy(() => {
    const logits = joinLevels('clsLogitsPerLevel', clsLogitsPerLevel);
    const deltas = joinLevels('bboxPredPerLevel', bboxPredPerLevel);
    const batch = side(OP, 'clsLogitsPerLevel', logits, 0);
    const anchorCount = side(OP, 'clsLogitsPerLevel', logits, 1);
    requireTensor(OP, 'bboxPredPerLevel', deltas, 'float32', [batch, anchorCount, 4]);
    requireTensor(OP, 'anchors', anchors, 'float32', [anchorCount, 4]);
    const shapesType = imgShapes.dtype === 'int32' ? 'int32' : 'float32';
    requireTensor(OP, 'imgShapes', imgShapes, shapesType, [batch, 2]);
    if (scaleFactors !== null)
      requireTensor(OP, 'scaleFactors', scaleFactors, 'float32', [batch, 2]);

    const levelSizes = clsLogitsPerLevel.map((level) => side(OP, 'clsLogitsPerLevel', level, 1));
    const top = filterScoresAndTopK({ logits, levelSizes, scoreThreshold: scoreThr, k: nmsPre });
    const slots = side(OP, 'top', top.elements, 1);
    const boxes = emptyTensor<Tensor3D>([batch, slots, 4]);
    const labels = emptyTensor<Tensor2D>([batch, slots], 'int32');
    const perSlot = foldWorkgroups(labels.size, WORKGROUP_SIZE);
    const kernel = candidatesKernel({
      shapesType: shapesType === 'int32' ? 'i32' : 'f32',
      rescale: scaleFactors !== null,
      clipBorder: coder.clipBorder ?? true,
      addCtrClamp: coder.addCtrClamp ?? false,
    });
    const bound = scaleFactors === null ? [] : [scaleFactors];
    runKernel(
      kernel,
      [top.elements, anchors, deltas, imgShapes, ...bound, boxes, labels],
      {
        ...parameters,
        anchorCount,
        numClasses: side(OP, 'clsLogitsPerLevel', logits, 2),
        slots,
        count: labels.size,
        rowSize: perSlot.rowSize,
      },
      perSlot.workgroups,
    );
    const candidates = { boxes, scores: top.scores, labels };
    const { keep, counts } = nmsOfImages({
      boxes,
      scores: top.scores,
      classes: labels,
      classAgnostic,
      iouThreshold: nmsIouThreshold,
      maxOut: maxPerImg,
    });
    return { ...gatherKept(keep, candidates), counts };
  });
}

function joinLevels(argument: string, levels: readonly Tensor[]): Tensor {
  for (const level of levels) requireTensor(OP, argument, level, 'float32', [null, null, null]);
  return levels.length === 1 && levels[0] !== undefined ? levels[0] : tf.concat([...levels], 1);
}

function gatherKept(
  keep: Tensor2D,
  { boxes, scores, labels }: Readonly<Record<'boxes' | 'scores' | 'labels', Tensor>>,
): Omit<Detections, 'counts'> {
  const [batch, maxPerImage] = keep.shape;
  const kept = {
    boxes: emptyTensor<Tensor3D>([batch, maxPerImage, 4]),
    scores: emptyTensor<Tensor2D>([batch, maxPerImage]),
    labels: emptyTensor<Tensor2D>([batch, maxPerImage], 'int32'),
  };
  const { workgroups, rowSize } = foldWorkgroups(keep.size, WORKGROUP_SIZE);
  runKernel(
    gatherKeptKernel,
    [keep, boxes, scores, labels, kept.boxes, kept.scores, kept.labels],
    { slots: side(OP, 'labels', labels, 1), maxPerImage, count: keep.size, rowSize },
    workgroups,
  );
  return kept;
}
