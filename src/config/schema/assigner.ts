import { z } from 'zod';
import { fraction, kept, nonNegative, only, typed } from './parts.ts';

const iouCalculator = typed('BboxOverlaps2D', {
  scale: only(1, 'boxes are compared at their own size'),
  dtype: only(null, 'IoU is computed in float32'),
});

/** Which anchors are positive, negative or ignored, MMDetection's `MaxIoUAssigner`. */
const maxIoUAssigner = typed('MaxIoUAssigner', {
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
  ignore_wrt_candidates: z
    .boolean()
    .default(true)
    .describe('That overlap is relative to the area of the anchor; false: of the ignored box'),
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

export const assignerSchema = z.discriminatedUnion('type', [maxIoUAssigner]);
