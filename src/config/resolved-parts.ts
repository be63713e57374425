import type { DetectorOptions } from '../models/detectors/list.ts';
import type { Config } from './schema/config-schema.ts';

/** Parts that several heads have: norms, anchors, coders, losses, assigners, NMS. */

type Model = Config['model'];
type RetinaModel = Extract<Model, { type: 'RetinaNet' }>;
type FcosModel = Extract<Model, { type: 'FCOS' }>;
type Options<T extends DetectorOptions['type']> = Extract<DetectorOptions, { type: T }>;
type NormConfig = Model['backbone']['norm_cfg'];

export function normSpec(norm: NormConfig): NonNullable<Options<'FCOS'>['head']['norm']> {
  switch (norm.type) {
    case 'BN':
      return {
        type: 'BN',
        requiresGrad: norm.requires_grad,
        eps: norm.eps,
        momentum: norm.momentum,
      };
    case 'GN':
      return {
        type: 'GN',
        requiresGrad: norm.requires_grad,
        eps: norm.eps,
        numGroups: norm.num_groups,
      };
    case 'FrozenBN':
      return { type: 'FrozenBN', requiresGrad: false, eps: norm.eps };
  }
}

export function anchorSpec(
  anchors: RetinaModel['bbox_head']['anchor_generator'],
): Options<'RetinaNet'>['anchors'] {
  if (anchors.type === 'TorchvisionAnchorGenerator') {
    return { type: anchors.type, sizes: anchors.sizes, ratios: anchors.ratios };
  }
  return {
    type: anchors.type,
    strides: anchors.strides,
    ratios: anchors.ratios,
    scales: anchors.scales ?? undefined,
    octaveBaseScale: anchors.octave_base_scale ?? undefined,
    scalesPerOctave: anchors.scales_per_octave ?? undefined,
    baseSizes: anchors.base_sizes ?? undefined,
    scaleMajor: anchors.scale_major,
    centerOffset: anchors.center_offset,
  };
}

export function coderSpec(
  coder: RetinaModel['bbox_head']['bbox_coder'],
): Options<'RetinaNet'>['coder'] {
  return { means: coder.target_means, stds: coder.target_stds };
}

export function focalSpec(
  loss: RetinaModel['bbox_head']['loss_cls'],
): Options<'RetinaNet'>['lossCls'] {
  return { gamma: loss.gamma, alpha: loss.alpha, lossWeight: loss.loss_weight };
}

export function crossEntropySpec(loss: {
  readonly loss_weight: number;
  readonly class_weight: readonly number[] | null;
}): Options<'FasterRCNN'>['rpnHead']['lossCls'] {
  return { lossWeight: loss.loss_weight, classWeight: loss.class_weight };
}

export function boxLossSpec(
  loss: RetinaModel['bbox_head']['loss_bbox'],
): Options<'RetinaNet'>['lossBbox'] {
  switch (loss.type) {
    case 'L1Loss':
      return { type: loss.type, lossWeight: loss.loss_weight };
    case 'SmoothL1Loss':
      return { type: loss.type, lossWeight: loss.loss_weight, beta: loss.beta };
    default:
      return overlapLossSpec(loss);
  }
}

export function overlapLossSpec(
  loss: FcosModel['bbox_head']['loss_bbox'],
): Options<'FCOS'>['lossBbox'] {
  if (loss.type === 'GIoULoss') {
    return { type: loss.type, lossWeight: loss.loss_weight, eps: loss.eps };
  }
  const mode = loss.linear ? 'linear' : loss.mode;
  return { type: loss.type, lossWeight: loss.loss_weight, eps: loss.eps, mode };
}

export function assignerSpec(
  assigner: RetinaModel['train_cfg']['assigner'],
): Options<'RetinaNet'>['assigner'] {
  return {
    posIouThr: assigner.pos_iou_thr,
    negIouThr: assigner.neg_iou_thr,
    minPosIou: assigner.min_pos_iou,
    matchLowQuality: assigner.match_low_quality,
    gtMaxAssignAll: assigner.gt_max_assign_all,
    ignoreIofThr: assigner.ignore_iof_thr,
    ignoreWrtCandidates: assigner.ignore_wrt_candidates,
  };
}

/** MMDetection takes −1 and 0 as 1. */
export function posWeight(weight: number): number {
  return weight <= 0 ? 1 : weight;
}

export function nmsSpec(nms: RetinaModel['test_cfg']['nms']): Options<'RetinaNet'>['test']['nms'] {
  const shared = { iouThreshold: nms.iou_threshold, classAgnostic: nms.class_agnostic };
  if (nms.type === 'nms') return { type: nms.type, ...shared };
  const { method, sigma, min_score: minScore } = nms;
  return { type: nms.type, ...shared, method, sigma, minScore };
}
