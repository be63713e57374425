import { z } from 'zod';
import { count, kept, nonNegative, only, positive, typed } from './parts.ts';

const stride = z.union([count, z.tuple([count, count])]);

/** Anchors of the dense head, MMDetection's `AnchorGenerator`; ratio = height / width, anchors are not rounded. */
const anchorGeneratorSchema = typed('AnchorGenerator', {
  strides: z
    .array(stride)
    .min(1)
    .describe('Pixels between neighbouring anchors of each level (or [w, h] pairs)'),
  ratios: z.array(positive).min(1).describe('Height / width of the anchors. Paper: 0.5, 1, 2'),
  scales: z
    .array(positive)
    .min(1)
    .nullable()
    .default(null)
    .describe('Anchor side in strides; instead of the octave keys'),
  base_sizes: z
    .array(positive)
    .nullable()
    .default(null)
    .describe('Base size of each level in pixels; null = its stride'),
  scale_major: z
    .boolean()
    .default(true)
    .describe('Order of the anchors in a cell: true = for each ratio, all scales'),
  octave_base_scale: positive
    .nullable()
    .default(null)
    .describe('Side of the smallest anchor of a level in strides. Paper: 4'),
  scales_per_octave: count
    .nullable()
    .default(null)
    .describe('Anchor sizes per doubling: 2^(i/n). Paper: 3'),
  centers: only(null, 'anchors sit on the stride grid'),
  center_offset: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('Shift of the grid in base sizes; MMDetection 0'),
  use_box_type: only(false, 'boxes are plain xyxy arrays'),
});

/** Box deltas relative to an anchor (Girshick 2014), MMDetection's `DeltaXYWHBBoxCoder`. */
const bboxCoderSchema = typed('DeltaXYWHBBoxCoder', {
  target_means: z
    .tuple([z.number(), z.number(), z.number(), z.number()])
    .default([0, 0, 0, 0])
    .describe('Subtracted from dx, dy, dw, dh'),
  target_stds: z
    .tuple([positive, positive, positive, positive])
    .default([1, 1, 1, 1])
    .describe('Divides dx, dy, dw, dh after the means'),
  clip_border: only(true, 'decoded boxes are clipped to the image'),
  add_ctr_clamp: only(false, 'the centre shift is not limited'),
  ctr_clamp: kept.optional(),
  use_box_type: only(false, 'boxes are plain xyxy arrays'),
});

/** Focal loss (Lin et al. 2017, eq. 5) on sigmoid scores. */
const focalLossSchema = typed('FocalLoss', {
  use_sigmoid: only(true, 'focal loss is defined on sigmoid scores'),
  gamma: nonNegative.default(2).describe('How much easy examples are turned down. Paper: 2'),
  alpha: z
    .number()
    .min(0)
    .max(1)
    .default(0.25)
    .describe('Weight of the positives, 1 − alpha of the negatives. Paper: 0.25'),
  reduction: only('mean', 'losses are divided by the number of positive anchors'),
  loss_weight: nonNegative.default(1).describe('Factor of this loss in the sum'),
  activated: only(false, 'the loss takes logits'),
});

const regressionLoss = {
  reduction: only('mean', 'losses are divided by the number of positive anchors'),
  loss_weight: nonNegative.default(1).describe('Factor of this loss in the sum'),
};
const l1LossSchema = typed('L1Loss', regressionLoss);
const smoothL1LossSchema = typed('SmoothL1Loss', {
  beta: positive.default(1).describe('Below this difference the loss is quadratic'),
  ...regressionLoss,
});

const clsLossSchema = z.discriminatedUnion('type', [focalLossSchema]);
const bboxLossSchema = z.discriminatedUnion('type', [l1LossSchema, smoothL1LossSchema]);

/** RetinaNet's two towers of 3×3 convolutions shared over levels, MMDetection's `RetinaHead`. */
const retinaHeadSchema = typed('RetinaHead', {
  num_classes: count.describe('Number of classes; follows the data set when one is given'),
  in_channels: count.describe('Channels of the pyramid levels'),
  stacked_convs: z.int().min(0).default(4).describe('Convolutions in each tower. Paper: 4'),
  feat_channels: count.default(256).describe('Channels of the towers. Paper: 256'),
  conv_cfg: only(null, 'convolutions are ordinary ones'),
  norm_cfg: only(null, 'the towers have no normalisation layers'),
  anchor_generator: z.discriminatedUnion('type', [anchorGeneratorSchema]),
  bbox_coder: z
    .discriminatedUnion('type', [bboxCoderSchema])
    .prefault({ type: 'DeltaXYWHBBoxCoder' }),
  reg_decoded_bbox: only(false, 'the regression loss works on deltas'),
  loss_cls: clsLossSchema,
  loss_bbox: bboxLossSchema,
  init_cfg: kept.optional(),
});

export const headSchema = z.discriminatedUnion('type', [retinaHeadSchema]);
