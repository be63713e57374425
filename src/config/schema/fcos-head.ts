import { z } from 'zod';
import { centernessLoss, focalLoss, overlapLossSchema } from './losses.ts';
import { normSchema } from './norm.ts';
import { count, index, kept, only, positive, typed } from './parts.ts';

const range = z.tuple([z.number(), z.number()]);

const distancePointCoder = typed('DistancePointBBoxCoder', {
  clip_border: only(true, 'decoded boxes are clipped to the image'),
  use_box_type: only(false, 'boxes are plain xyxy arrays'),
});

/** Anchor-free head of FCOS (Tian et al. 2019), MMDetection's `FCOSHead`. */
export const fcosHeadSchema = typed('FCOSHead', {
  num_classes: count.describe('Number of classes; follows the data set when one is given'),
  in_channels: count.describe('Channels of the pyramid levels'),
  stacked_convs: index.default(4).describe('Convolutions in each tower. Paper: 4'),
  feat_channels: count.default(256).describe('Channels of the towers. Paper: 256'),
  strides: z
    .array(count)
    .min(1)
    .default([4, 8, 16, 32, 64])
    .describe('Pixels between neighbouring points of each level'),
  regress_ranges: z
    .array(range)
    .min(1)
    .default([
      [-1, 64],
      [64, 128],
      [128, 256],
      [256, 512],
      [512, 1e8],
    ])
    .describe('Of each level: boxes whose longest distance to the point lies in this range, px'),
  center_sampling: z
    .boolean()
    .default(false)
    .describe('Only points near the centre of a ground truth are positive'),
  center_sample_radius: positive
    .default(1.5)
    .describe('Half side of that centre region, in strides'),
  norm_on_bbox: z
    .boolean()
    .default(false)
    .describe('Distances are predicted in strides, through a ReLU instead of exp'),
  centerness_on_reg: z
    .boolean()
    .default(false)
    .describe('Centerness is predicted by the box tower instead of the class tower'),
  conv_bias: z
    .union([z.literal('auto'), z.boolean()])
    .default('auto')
    .describe('auto: a bias where there is no norm'),
  dcn_on_last_conv: only(false, 'deformable convolutions are not implemented'),
  bbox_coder: z
    .discriminatedUnion('type', [distancePointCoder])
    .prefault({ type: 'DistancePointBBoxCoder' }),
  loss_cls: z.discriminatedUnion('type', [focalLoss]).prefault({ type: 'FocalLoss' }),
  loss_bbox: overlapLossSchema.prefault({ type: 'IoULoss' }),
  loss_centerness: z
    .discriminatedUnion('type', [centernessLoss])
    .prefault({ type: 'CrossEntropyLoss', use_sigmoid: true }),
  conv_cfg: only(null, 'convolutions are ordinary ones'),
  norm_cfg: normSchema
    .nullable()
    .default({ type: 'GN', num_groups: 32, requires_grad: true, eps: 1e-5 })
    .describe('Norm of the towers'),
  init_cfg: kept.optional(),
});
