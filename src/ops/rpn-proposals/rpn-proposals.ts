import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '../../tensor/tf.ts';
import { side } from '../argument/require-tensor.ts';
import type { DecodeOptions } from '../delta-coder/delta-coder.ts';
import { denseCandidates } from '../dense-candidates/dense-candidates.ts';
import type { DenseCandidatesRules } from '../dense-candidates/dense-candidates.ts';
import { keepBest } from '../keep-best/keep-best.ts';

/** MMDetection's `rpn_proposal` or `test_cfg.rpn`, and its box coder; or torchvision's `RegionProposalNetwork`. */
export interface RpnProposalsOptions {
  /**
   * Whose rules. 'mmdetection' (default): the best by sigmoid, sizes strictly above `minBboxSize`. 'torchvision': the best by
   * objectness logit, sizes from `minBboxSize` on, sigmoids from `scoreThr` on, and dw, dh clamped only from above.
   */
  readonly rule?: 'mmdetection' | 'torchvision';
  /** Best anchors per level. `nms_pre`, `pre_nms_top_n`; default 1000. */
  readonly nmsPre?: number;
  /** `max_per_img`, `post_nms_top_n`; default 1000. */
  readonly maxPerImg?: number;
  /** Default 0.7. */
  readonly nmsIouThreshold?: number;
  /** In input pixels; below 0: none. `min_bbox_size`, default 0; `min_size`, default 0.001. */
  readonly minBboxSize?: number;
  /** Only torchvision's rule: lowest sigmoid that stays. Default 0. */
  readonly scoreThr?: number;
  readonly coder?: DecodeOptions;
}

export interface RpnProposalsInput {
  /** float32 [B, n_l, 1] per level, before the sigmoid. */
  readonly clsLogitsPerLevel: readonly Tensor[];
  /** float32 [B, n_l, 4] per level. */
  readonly bboxPredPerLevel: readonly Tensor[];
  /** float32 [N, 4] of all levels, xyxy in input pixels. */
  readonly anchors: Tensor;
  /** int32 [B, N]: 0 for an anchor that is never proposed. Null, the default: all may be. */
  readonly valid?: Tensor | null;
  /** int32 or float32 [B, 2]: height and width of each image after resizing, without padding. */
  readonly imgShapes: Tensor;
  readonly options?: RpnProposalsOptions;
}

/** Proposals by descending score, padded to P = min(maxPerImg, Σ over levels of min(nmsPre, n_l)). */
export interface RpnProposals {
  /** float32 [B, P, 4], xyxy in input pixels; 0 behind the last proposal. */
  readonly boxes: Tensor3D;
  /** float32 [B, P]: sigmoids; 0 behind the last proposal. */
  readonly scores: Tensor2D;
  /** int32 [B, P]: level of the anchor; −1 behind the last proposal. */
  readonly levels: Tensor2D;
  /** int32 [B] */
  readonly counts: Tensor1D;
}

const OP = 'rpnProposals';

/**
 * From the RPN head's outputs to proposals, by the rules of MMDetection 3.x `RPNHead._predict_by_feat_single` or of
 * torchvision's `filter_proposals`: per level the best `nmsPre`; then decode, clip to the image, size filter, NMS within
 * levels and the best `maxPerImg` by sigmoid. Every anchor counts, whatever its score. Nine dispatches besides joining
 * the levels, no readback. No gradient: proposals are constants.
 */
export function rpnProposals(input: RpnProposalsInput): RpnProposals {
  const { clsLogitsPerLevel, bboxPredPerLevel, anchors, valid = null, imgShapes } = input;
  const { options = {} } = input;
  const { maxPerImg = 1000, nmsIouThreshold = 0.7 } = options;
  for (const logits of clsLogitsPerLevel) {
    if (side(OP, 'clsLogitsPerLevel', logits, 2) !== 1) {
      throw new Error(
        `${OP}: clsLogitsPerLevel must be [B, n, 1], got [${logits.shape.join(', ')}]`,
      );
    }
  }
  return tf.tidy(() => {
    const candidates = denseCandidates({
      op: OP,
      clsLogitsPerLevel,
      bboxPredPerLevel,
      scoreFactorsPerLevel: null,
      anchors,
      valid,
      imgShapes,
      scaleFactors: null,
      rules: rpnRules(options),
    });
    const room = Math.min(maxPerImg, candidates.scores.shape[1]);
    const { boxes, scores, labels, counts } = keepBest(
      candidates,
      { iouThreshold: nmsIouThreshold },
      room,
      null,
    );
    return { boxes, scores, levels: labels, counts };
  });
}

/** What the options, or their defaults, ask of the candidates. */
export function rpnRules(options: RpnProposalsOptions): DenseCandidatesRules {
  const { rule = 'mmdetection', nmsPre = 1000, scoreThr = 0, coder = {} } = options;
  const torchvision = rule === 'torchvision';
  return {
    decoder: { clampAboveOnly: torchvision, ...coder },
    rankBy: torchvision ? 'logit' : 'sigmoid',
    scoreThreshold: null,
    minScore: torchvision ? scoreThr : 0,
    nmsPre,
    minSize: options.minBboxSize ?? (torchvision ? 1e-3 : 0),
    keepMinSize: torchvision,
    label: 'level',
  };
}
