import { z } from 'zod';
import { bboxCoderSchema } from './anchors.ts';
import { bboxLossSchema, regDecodedBbox, softmaxCrossEntropy } from './losses.ts';
import { normSchema } from './norm.ts';
import { count, index, kept, only, positive, typed } from './parts.ts';

const binsSchema = z
  .union([count, z.tuple([count, count])])
  .describe('Bins of a RoI, one number or [height, width]. Paper: 7');

const roiAlignSchema = typed('RoIAlign', {
  output_size: binsSchema,
  sampling_ratio: index
    .default(0)
    .describe('Sampling points per bin and axis; 0 = one for each cell that the bin covers'),
  aligned: z
    .boolean()
    .default(true)
    .describe('RoIs are shifted by half a cell; false is the behaviour of older detectors'),
  pool_mode: only('avg', 'the sampling points of a bin are averaged'),
  use_torchvision: kept.optional(),
});

/** Takes each RoI from one pyramid level by its size, MMDetection's `SingleRoIExtractor`. */
const roiExtractorSchema = typed('SingleRoIExtractor', {
  roi_layer: z.discriminatedUnion('type', [roiAlignSchema]),
  out_channels: count.describe('Channels of the pyramid levels'),
  featmap_strides: z
    .array(count)
    .min(1)
    .describe('Strides of the levels that RoIs are taken from, finest first'),
  finest_scale: positive
    .default(56)
    .describe('RoIs with a side below twice this many pixels come from the finest level'),
  init_cfg: kept.optional(),
});

const headKeys = {
  in_channels: count.default(256).describe('Channels of the RoI features'),
  roi_feat_size: binsSchema.default(7),
  num_classes: count.describe('Number of classes; follows the data set when one is given'),
  conv_out_channels: count.default(256).describe('Channels of the convolutions'),
  fc_out_channels: count.default(1024).describe('Width of the fully connected layers'),
  bbox_coder: bboxCoderSchema,
  predict_box_type: kept.optional(),
  reg_class_agnostic: z
    .boolean()
    .default(false)
    .describe('One box for all classes instead of one for each'),
  reg_decoded_bbox: regDecodedBbox,
  loss_cls: z.discriminatedUnion('type', [softmaxCrossEntropy]),
  loss_bbox: bboxLossSchema,
  with_avg_pool: only(false, 'the bins are flattened, not averaged'),
  with_cls: only(true, 'the head predicts classes'),
  with_reg: only(true, 'the head predicts boxes'),
  conv_cfg: only(null, 'convolutions are ordinary ones'),
  norm_cfg: normSchema.nullable().default(null).describe('Norm of the convolutions'),
  init_cfg: kept.optional(),
};

const layers = index.default(0);

const bboxHeadSchema = z.discriminatedUnion('type', [
  typed('Shared2FCBBoxHead', headKeys),
  typed('Shared4Conv1FCBBoxHead', headKeys),
  typed('ConvFCBBoxHead', {
    num_shared_convs: layers.describe('3×3 convolutions before the branches part'),
    num_shared_fcs: layers.describe('Fully connected layers before the branches part'),
    num_cls_convs: layers,
    num_cls_fcs: layers,
    num_reg_convs: layers,
    num_reg_fcs: layers,
    ...headKeys,
  }),
]);

/** The second stage of Faster R-CNN, MMDetection's `StandardRoIHead` without masks. */
export const roiHeadSchema = typed('StandardRoIHead', {
  bbox_roi_extractor: z.discriminatedUnion('type', [roiExtractorSchema]),
  bbox_head: bboxHeadSchema,
  mask_roi_extractor: only(null, 'there are no masks'),
  mask_head: only(null, 'there are no masks'),
  shared_head: only(null, 'the box head has its own layers'),
  init_cfg: kept.optional(),
});
