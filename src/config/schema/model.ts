import { z } from 'zod';
import { denseTestCfgSchema, denseTrainCfgSchema } from './assigner.ts';
import { backboneSchema } from './backbone.ts';
import { headSchema } from './head.ts';
import { neckSchema } from './neck.ts';
import { count, kept, only, positive, typed } from './parts.ts';

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

/** RetinaNet (Lin et al. 2017). */
const retinaNetSchema = typed('RetinaNet', {
  data_preprocessor: z.discriminatedUnion('type', [dataPreprocessorSchema]),
  backbone: backboneSchema,
  neck: neckSchema,
  bbox_head: headSchema,
  train_cfg: denseTrainCfgSchema,
  test_cfg: denseTestCfgSchema,
  init_cfg: kept.optional(),
});

export const modelSchema = z.discriminatedUnion('type', [retinaNetSchema]);
