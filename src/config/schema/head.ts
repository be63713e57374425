import { z } from 'zod';
import { anchorGeneratorSchema, bboxCoderSchema } from './anchors.ts';
import { bboxLossSchema, focalLoss, regDecodedBbox } from './losses.ts';
import { count, index, kept, only, typed } from './parts.ts';

/** RetinaNet's two towers of 3×3 convolutions shared over levels, MMDetection's `RetinaHead`. */
export const retinaHeadSchema = typed('RetinaHead', {
  num_classes: count.describe('Number of classes; follows the data set when one is given'),
  in_channels: count.describe('Channels of the pyramid levels'),
  stacked_convs: index.default(4).describe('Convolutions in each tower. Paper: 4'),
  feat_channels: count.default(256).describe('Channels of the towers. Paper: 256'),
  conv_cfg: only(null, 'convolutions are ordinary ones'),
  norm_cfg: only(null, 'the towers have no normalisation layers'),
  anchor_generator: anchorGeneratorSchema,
  bbox_coder: bboxCoderSchema,
  reg_decoded_bbox: regDecodedBbox,
  loss_cls: z.discriminatedUnion('type', [focalLoss]),
  loss_bbox: bboxLossSchema,
  init_cfg: kept.optional(),
});
