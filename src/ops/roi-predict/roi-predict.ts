import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor2D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { decodeCandidates } from '../decode-candidates/decode-candidates.ts';
import type { DecodeOptions } from '../delta-coder/delta-coder.ts';
import { keepBest } from '../keep-best/keep-best.ts';
import type { Detections, NmsOptions } from '../keep-best/keep-best.ts';
import { WORKGROUP_SIZE, roiElementsKernel, roiScoresKernel } from './roi-candidates.wgsl.ts';

/** MMDetection's `test_cfg.rcnn` and box coder, or torchvision's `RoIHeads`. */
export interface RoiPredictOptions {
  /**
   * Whose rules. 'mmdetection' (default): the background is the last column, boxes are rescaled before NMS, no size filter.
   * 'torchvision': the background is column 0 (and delta 0), sides below 0.01 are dropped, boxes are rescaled after NMS,
   * dw and dh are clamped only from above.
   */
  readonly rule?: 'mmdetection' | 'torchvision';
  /** Strictly above it a softmax counts; at least 0. Default 0.05. */
  readonly scoreThr?: number;
  /** `nms.iou_threshold`, default 0.5. Not used where `nms` is given. */
  readonly nmsIouThreshold?: number;
  /** `nms.class_agnostic`, default false. Not used where `nms` is given. */
  readonly classAgnostic?: boolean;
  /** mmcv's `nms` config, for soft-NMS. */
  readonly nms?: NmsOptions;
  /** `max_per_img`, `detections_per_img`; default 100. */
  readonly maxPerImg?: number;
  /** Default stds 0.1, 0.1, 0.2, 0.2: torchvision's weights 10, 10, 5, 5. */
  readonly coder?: DecodeOptions;
}

export interface RoiPredictInput {
  /** float32 [B · P, K + 1], before the softmax. */
  readonly clsLogits: Tensor;
  /**
   * float32 [B · P, 4 · K], one delta per class; [B · P, 4], one for all; with torchvision's rule also
   * [B · P, 4 · (K + 1)], the first for the background.
   */
  readonly bboxPred: Tensor;
  /** float32 [B, P, 4], xyxy in input pixels. */
  readonly proposals: Tensor;
  /** int32 [B]: proposals of each image; those behind them are not looked at. */
  readonly counts: Tensor;
  /** float32 or int32 [B, 2]: height and width of each image after resizing, without padding. */
  readonly imgShapes: Tensor;
  /** float32 [B, 2]: (width, height) of the resized over the original image; null leaves boxes in input pixels. */
  readonly scaleFactors: Tensor | null;
  readonly options?: RoiPredictOptions;
}

const OP = 'roiPredict';

/**
 * From the R-CNN head's outputs to detections, by the rules of MMDetection 3.x (`BBoxHead._predict_by_feat_single` and
 * `multiclass_nms`) or of torchvision's `RoIHeads.postprocess_detections`: softmax, score threshold, decode per class,
 * clip to the image, NMS within classes and the best `maxPerImg`. Labels are 0 … K − 1 by either rule: torchvision's own
 * are one more, as it counts the background as 0.
 * Seven dispatches, no readback. Softmaxes add up to 1, so above a threshold t there are fewer than 1 / t classes per
 * RoI: that many slots are kept for each, and NMS sees at most P · min(K, 1 / t) candidates.
 */
export function roiPredict(input: RoiPredictInput): Detections {
  const { clsLogits, bboxPred, proposals, counts, imgShapes, scaleFactors, options = {} } = input;
  const { scoreThr = 0.05, maxPerImg = 100, coder = {} } = options;
  const { nmsIouThreshold = 0.5, classAgnostic = false } = options;
  const { nms = { iouThreshold: nmsIouThreshold, classAgnostic } } = options;
  const torchvision = options.rule === 'torchvision';
  requireTensor(OP, 'proposals', proposals, 'float32', [null, null, 4]);
  const batch = side(OP, 'proposals', proposals, 0);
  const rois = side(OP, 'proposals', proposals, 1);
  requireTensor(OP, 'counts', counts, 'int32', [batch]);
  requireTensor(OP, 'clsLogits', clsLogits, 'float32', [batch * rois, null]);
  const numClasses = side(OP, 'clsLogits', clsLogits, 1) - 1;
  if (numClasses < 1) throw new Error(`${OP}: clsLogits needs a column besides the background`);
  const deltas = deltasPerRoi(bboxPred, batch * rois, numClasses, torchvision);
  const slotsPerRoi = mostClassesAbove(scoreThr, numClasses);
  return tf.tidy(() => {
    const passed = emptyTensor([batch, rois], 'int32');
    const elements = emptyTensor<Tensor2D>([batch, rois * slotsPerRoi], 'int32');
    const scores = emptyTensor<Tensor2D>([batch, rois * slotsPerRoi]);
    const { workgroups, rowSize } = foldWorkgroups(batch * rois, WORKGROUP_SIZE);
    const params = {
      numClasses,
      background: torchvision ? 0 : numClasses,
      scoreThr,
      rois,
      cap: slotsPerRoi,
      count: batch * rois,
      rowSize,
    };
    runKernel(roiScoresKernel, [clsLogits, counts, passed], params, workgroups);
    runKernel(roiElementsKernel, [clsLogits, passed, elements, scores], params, workgroups);
    const candidates = decodeCandidates({
      op: OP,
      elements,
      scores,
      numClasses,
      priors: proposals,
      predictions: bboxPred.reshape([batch, rois, deltas * 4]),
      predictionOffset: deltas === numClasses + 1 ? 1 : 0,
      scoreFactors: null,
      imgShapes,
      scaleFactors: torchvision ? null : scaleFactors,
      decoder: { stds: [0.1, 0.1, 0.2, 0.2], clampAboveOnly: torchvision, ...coder },
      rules: {
        minScore: 0,
        minSize: torchvision ? 1e-2 : -1,
        keepMinSize: torchvision,
        label: 'class',
      },
      slotsPerLevel: [rois * slotsPerRoi],
    });
    return { ...keepBest(candidates, nms, maxPerImg, torchvision ? scaleFactors : null) };
  });
}

/**
 * More softmaxes than this cannot be above a threshold. Their float32 sum may be a little above 1, so at 0.05 it is 20,
 * not 19.
 */
function mostClassesAbove(scoreThr: number, numClasses: number): number {
  if (!(scoreThr >= 0)) throw new Error(`${OP}: scoreThr must be at least 0, got ${scoreThr}`);
  if (scoreThr === 0) return numClasses;
  return Math.max(Math.min(Math.ceil((1 + 1e-4) / scoreThr) - 1, numClasses), 1);
}

function deltasPerRoi(
  bboxPred: Tensor,
  rows: number,
  numClasses: number,
  torchvision: boolean,
): number {
  requireTensor(OP, 'bboxPred', bboxPred, 'float32', [rows, null]);
  const deltas = side(OP, 'bboxPred', bboxPred, 1) / 4;
  const allowed = [1, numClasses, ...(torchvision ? [numClasses + 1] : [])];
  if (allowed.includes(deltas)) return deltas;
  const widths = allowed.map((count) => count * 4).join(' or ');
  throw new Error(`${OP}: bboxPred must be ${widths} wide, got ${deltas * 4}`);
}
