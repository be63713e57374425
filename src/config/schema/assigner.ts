import { z } from 'zod';
import { fraction, index, kept, nonNegative, only, typed } from './parts.ts';

const iouCalculator = typed('BboxOverlaps2D', {
  scale: only(1, 'boxes are compared at their own size'),
  dtype: only(null, 'IoU is computed in float32'),
});

/** Which anchors are positive, negative or ignored, MMDetection's `MaxIoUAssigner`. */
const maxIoUAssignerSchema = typed('MaxIoUAssigner', {
  pos_iou_thr: fraction.describe('IoU from which an anchor is positive. RetinaNet: 0.5'),
  neg_iou_thr: z
    .union([fraction, z.tuple([fraction, fraction])])
    .describe(
      'IoU below which an anchor is negative (or a tuple: from … to below). RetinaNet: 0.4',
    ),
  min_pos_iou: nonNegative
    .default(0)
    .describe('A ground truth claims its best anchors only from this IoU on. RetinaNet: 0'),
  gt_max_assign_all: z
    .boolean()
    .default(true)
    .describe(
      'All anchors that tie for the best IoU of a ground truth become positive, not only the first',
    ),
  ignore_iof_thr: z
    .number()
    .min(-1)
    .max(1)
    .default(-1)
    .describe(
      'Anchors overlapping ignored boxes by more than this are ignored; -1 switches it off',
    ),
  ignore_wrt_candidates: only(true, 'the overlap with ignored boxes is relative to the anchor'),
  match_low_quality: z
    .boolean()
    .default(true)
    .describe('Every ground truth gets its best anchors, also below pos_iou_thr'),
  gpu_assign_thr: kept.optional(),
  iou_calculator: z
    .discriminatedUnion('type', [iouCalculator])
    .prefault({ type: 'BboxOverlaps2D' }),
  perm_repeat_gt_cfg: only(null, 'ground truths are not jittered'),
});

const pseudoSamplerSchema = typed('PseudoSampler', {});

/** `model.train_cfg` of a one-stage detector. */
export const denseTrainCfgSchema = z.strictObject({
  assigner: z.discriminatedUnion('type', [maxIoUAssignerSchema]),
  sampler: z
    .discriminatedUnion('type', [pseudoSamplerSchema])
    .default({ type: 'PseudoSampler' })
    .describe('Focal loss uses every anchor'),
  allowed_border: only(-1, 'anchors may reach outside the image'),
  pos_weight: z
    .number()
    .min(-1)
    .default(-1)
    .describe('Weight of positive anchors in the classification loss; -1 or 0 = 1'),
  debug: z.boolean().default(false),
});

const nmsSchema = typed('nms', {
  iou_threshold: fraction.describe(
    'Boxes of one class that overlap a better one by more are dropped',
  ),
  class_agnostic: only(false, 'boxes of different classes do not suppress each other'),
  split_thr: kept.optional(),
});

/** `model.test_cfg` of a one-stage detector. */
export const denseTestCfgSchema = z.strictObject({
  nms_pre: index
    .min(1)
    .default(1000)
    .describe('Candidates kept per level before non-maximum suppression'),
  min_bbox_size: z
    .number()
    .default(0)
    .describe('Boxes not wider and higher than this many pixels are dropped; -1 = none'),
  score_thr: fraction.default(0.05).describe('Candidates must score more than this'),
  nms: z.discriminatedUnion('type', [nmsSchema]),
  max_per_img: index.min(1).default(100).describe('Detections kept per image'),
});
