import { z } from 'zod';
import { backboneSchema } from './backbone.ts';
import { fcosHeadSchema } from './fcos-head.ts';
import { retinaHeadSchema } from './head.ts';
import { neckSchema } from './neck.ts';
import { count, kept, only, positive, typed } from './parts.ts';
import { roiHeadSchema } from './roi-head.ts';
import { rpnHeadSchema } from './rpn-head.ts';
import {
  denseTestCfgSchema,
  denseTrainCfgSchema,
  twoStageTestCfgSchema,
  twoStageTrainCfgSchema,
} from './stage-cfg.ts';

/** Normalisation and padding on the device, MMDetection's `DetDataPreprocessor`. */
const dataPreprocessorSchema = typed('DetDataPreprocessor', {
  mean: z
    .tuple([z.number(), z.number(), z.number()])
    .describe('Subtracted per channel, in 0 … 255, in the channel order after bgr_to_rgb'),
  std: z.tuple([positive, positive, positive]).describe('Divides per channel after the mean'),
  bgr_to_rgb: z
    .boolean()
    .default(false)
    .describe('True: the network sees RGB (torchvision weights); false: BGR (caffe weights)'),
  rgb_to_bgr: only(false, 'images are loaded as BGR, as cv2 loads them'),
  pad_size_divisor: count
    .default(1)
    .describe('Height and width are padded to a multiple of this many pixels. Detectors: 32'),
  pad_value: only(0, 'padding is 0 after normalisation'),
  pad_mask: z.boolean().default(false),
  mask_pad_value: kept.optional(),
  pad_seg: only(false, 'there are no segmentation maps'),
  seg_pad_value: kept.optional(),
  boxtype2tensor: kept.optional(),
  non_blocking: kept.optional(),
  batch_augments: only(null, 'batches are not augmented'),
});

const shared = {
  data_preprocessor: z.discriminatedUnion('type', [dataPreprocessorSchema]),
  backbone: backboneSchema,
  neck: neckSchema,
  rules: z
    .enum(['mmdetection', 'torchvision'])
    .default('mmdetection')
    .describe(
      'Whose rules apply where the two differ (low-quality matches, limit of decoded sizes, background row, loss normalisers, post-processing). torchvision is for weights trained there; MMDetection does not know the key',
    ),
  init_cfg: kept.optional(),
};

/** RetinaNet (Lin et al. 2017). */
const retinaNetSchema = typed('RetinaNet', {
  ...shared,
  bbox_head: retinaHeadSchema,
  train_cfg: denseTrainCfgSchema,
  test_cfg: denseTestCfgSchema,
});

/** Faster R-CNN (Ren et al. 2015) on FPN. */
const fasterRcnnSchema = typed('FasterRCNN', {
  ...shared,
  rpn_head: rpnHeadSchema,
  roi_head: roiHeadSchema,
  train_cfg: twoStageTrainCfgSchema,
  test_cfg: twoStageTestCfgSchema,
});

/** FCOS (Tian et al. 2019): no anchors. */
const fcosSchema = typed('FCOS', {
  ...shared,
  rules: only('mmdetection', 'torchvision’s FCOS differs in more than these rules'),
  bbox_head: fcosHeadSchema,
  train_cfg: only(null, 'FCOS assigns points by their position'),
  test_cfg: denseTestCfgSchema,
});

export const modelSchema = z.discriminatedUnion('type', [
  retinaNetSchema,
  fasterRcnnSchema,
  fcosSchema,
]);
