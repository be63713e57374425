import { z } from 'zod';
import { anchorGeneratorSchema, bboxCoderSchema } from './anchors.ts';
import { bboxLossSchema, regDecodedBbox, sigmoidCrossEntropy } from './losses.ts';
import { count, kept, only, typed } from './parts.ts';

/** Region proposal network (Ren et al. 2015), MMDetection's `RPNHead`. */
export const rpnHeadSchema = typed('RPNHead', {
  in_channels: count.describe('Channels of the pyramid levels'),
  num_classes: only(1, 'an anchor is an object or not'),
  feat_channels: count.default(256).describe('Channels of the shared convolution. Paper: 256'),
  num_convs: count.default(1).describe('3×3 convolutions before the predictors. Paper: 1'),
  anchor_generator: anchorGeneratorSchema,
  bbox_coder: bboxCoderSchema,
  reg_decoded_bbox: regDecodedBbox,
  loss_cls: z.discriminatedUnion('type', [sigmoidCrossEntropy]),
  loss_bbox: bboxLossSchema,
  init_cfg: kept.optional(),
});
