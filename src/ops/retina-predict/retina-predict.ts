import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import type { BoxDecoder } from '../box-decoder/box-decoder.ts';
import { denseCandidates } from '../dense-candidates/dense-candidates.ts';
import type { DenseCandidatesRules } from '../dense-candidates/dense-candidates.ts';
import { keepBest } from '../keep-best/keep-best.ts';
import type { Detections, NmsOptions } from '../keep-best/keep-best.ts';

/** MMDetection's `test_cfg` of a one-stage detector, and its box coder; or torchvision's `RetinaNet`. */
export interface RetinaPredictOptions {
  /**
   * Whose rules. 'mmdetection' (default): boxes are rescaled and filtered by size before NMS. 'torchvision': they are rescaled
   * after it, no size filter, and dw, dh are clamped only from above.
   */
  readonly rule?: 'mmdetection' | 'torchvision';
  /** Strictly above it a score counts; at least 0. `score_thr`, default 0.05. */
  readonly scoreThr?: number;
  /** Best (anchor, class) pairs per level. `nms_pre`, default 1000. */
  readonly nmsPre?: number;
  /**
   * Boxes with width or height not above it are dropped, in pixels of the result; below 0: none. Default 0; torchvision's
   * rule has none.
   */
  readonly minBboxSize?: number;
  /** `nms.iou_threshold`, default 0.5. Not used where `nms` is given. */
  readonly nmsIouThreshold?: number;
  /** `nms.class_agnostic`, default false. Not used where `nms` is given. */
  readonly classAgnostic?: boolean;
  /** mmcv's `nms` config, for soft-NMS. */
  readonly nms?: NmsOptions;
  /** `max_per_img`, default 100; `detections_per_img`, default 300. */
  readonly maxPerImg?: number;
  readonly coder?: BoxDecoder;
}

export interface RetinaPredictInput {
  /** float32 [B, n_l, K] per level, before the sigmoid. */
  readonly clsLogitsPerLevel: readonly Tensor[];
  /** float32 [B, n_l, 4] per level: deltas, or distances in pixels. */
  readonly bboxPredPerLevel: readonly Tensor[];
  /**
   * float32 [B, n_l, 1] per level, before the sigmoid (centerness). Threshold and `nmsPre` look at the class scores
   * alone; then these multiply them, for NMS and the result. Null, the default: none.
   */
  readonly scoreFactorsPerLevel?: readonly Tensor[] | null;
  /** float32 [N, 4] of all levels, xyxy in input pixels; with a coder of type 'distance' points [N, 2], (x, y). */
  readonly anchors: Tensor;
  /** int32 [B, N]: 0 for an anchor or point that is never a candidate. Null, the default: all may be. */
  readonly valid?: Tensor | null;
  /** float32 or int32 [B, 2]: height and width of each image after resizing, without padding. */
  readonly imgShapes: Tensor;
  /** float32 [B, 2]: (width, height) of the resized over the original image; null leaves boxes in input pixels. */
  readonly scaleFactors: Tensor | null;
  readonly options?: RetinaPredictOptions;
}

/**
 * From a dense head's outputs (RetinaNet, FCOS) to detections, as MMDetection 3.x `BaseDenseHead.predict_by_feat` does
 * it: per level σ, score threshold, best `nmsPre` pairs; then decode, clip to the image, rescale, size filter, class-wise
 * NMS and the best `maxPerImg`; or as torchvision's `RetinaNet.postprocess_detections`, with labels from 0. Everything
 * stays on the GPU, in static shapes: nine dispatches besides joining the levels, no readback.
 */
export function retinaPredict(input: RetinaPredictInput): Detections {
  const { clsLogitsPerLevel, bboxPredPerLevel, scoreFactorsPerLevel = null } = input;
  const { anchors, valid = null, imgShapes, scaleFactors, options = {} } = input;
  const { nmsIouThreshold = 0.5, classAgnostic = false } = options;
  const torchvision = options.rule === 'torchvision';
  const { maxPerImg = torchvision ? 300 : 100 } = options;
  const { nms = { iouThreshold: nmsIouThreshold, classAgnostic } } = options;
  return tf.tidy(() => {
    const candidates = denseCandidates({
      op: 'retinaPredict',
      clsLogitsPerLevel,
      bboxPredPerLevel,
      scoreFactorsPerLevel,
      anchors,
      valid,
      imgShapes,
      scaleFactors: torchvision ? null : scaleFactors,
      rules: retinaRules(options),
    });
    return { ...keepBest(candidates, nms, maxPerImg, torchvision ? scaleFactors : null) };
  });
}

/** What the options, or their defaults, ask of the candidates. */
export function retinaRules(options: RetinaPredictOptions): DenseCandidatesRules {
  const {
    rule = 'mmdetection',
    scoreThr = 0.05,
    nmsPre = 1000,
    coder = {},
    minBboxSize = 0,
  } = options;
  const torchvision = rule === 'torchvision';
  return {
    decoder: coder.type === 'distance' ? coder : { clampAboveOnly: torchvision, ...coder },
    rankBy: 'sigmoid',
    scoreThreshold: scoreThr,
    minScore: 0,
    nmsPre,
    minSize: torchvision ? -1 : minBboxSize,
    keepMinSize: false,
    label: 'class',
  };
}
