import { z } from 'zod';
import { normSchema } from './norm.ts';
import { count, kept, only, pretrainedInit, typed } from './parts.ts';

/** ResNet (He et al. 2015), MMDetection's `ResNet`; parameter names and defaults are its constructor's. */
const resNetSchema = typed('ResNet', {
  depth: z
    .literal([18, 34, 50, 101, 152])
    .describe('Number of layers; 18 and 34 have basic blocks, the others bottlenecks'),
  in_channels: only(3, 'images are RGB'),
  stem_channels: z.null().default(null).describe('Follows base_channels'),
  base_channels: count
    .default(64)
    .describe(
      'Channels of the first stage; the stages have 1, 2, 4 and 8 times as many. Paper: 64',
    ),
  num_stages: only(4, 'all four stages are built'),
  strides: z
    .tuple([z.literal(1), z.literal(2), z.literal(2), z.literal(2)])
    .default([1, 2, 2, 2])
    .describe('Stride of the first block of each stage, in cells'),
  dilations: z
    .tuple([z.literal(1), z.literal(1), z.literal(1), z.literal(1)])
    .default([1, 1, 1, 1])
    .describe('Dilation of the 3×3 convolutions of each stage'),
  out_indices: z
    .tuple([z.literal(0), z.literal(1), z.literal(2), z.literal(3)])
    .default([0, 1, 2, 3])
    .describe(
      'All four stages go to the neck, which starts at start_level; stage i has stride 4·2^i px',
    ),
  style: z
    .enum(['pytorch', 'caffe'])
    .default('pytorch')
    .describe('pytorch: the 3×3 convolution of a bottleneck has the stride; caffe: the first 1×1'),
  deep_stem: z
    .boolean()
    .default(false)
    .describe('Three 3×3 convolutions instead of one 7×7 (ResNetV1d)'),
  avg_down: z
    .boolean()
    .default(false)
    .describe('The shortcut averages cells before its 1×1 convolution (ResNetV1d)'),
  frozen_stages: z
    .int()
    .min(-1)
    .max(4)
    .default(-1)
    .describe(
      'Stem and stages 1 … n do not train; 0 freezes the stem alone, -1 nothing. Detector configs: 1',
    ),
  conv_cfg: only(null, 'convolutions are ordinary ones'),
  norm_cfg: normSchema.default({ type: 'BN', requires_grad: true, eps: 1e-5, momentum: 0.1 }),
  norm_eval: z
    .boolean()
    .default(true)
    .describe(
      'True keeps the running mean and variance of BatchNorm as loaded, also while training',
    ),
  dcn: only(null, 'deformable convolutions are not implemented'),
  stage_with_dcn: kept.optional(),
  plugins: only(null, 'backbone plugins are not implemented'),
  with_cp: z
    .boolean()
    .default(false)
    .describe('Gradient checkpointing: less memory, a second forward; the numbers stay the same'),
  zero_init_residual: z
    .boolean()
    .default(true)
    .describe('Without pretrained weights the last BatchNorm scale of each block starts at 0'),
  pretrained: z.string().nullable().default(null).describe('2.x spelling of init_cfg'),
  init_cfg: pretrainedInit
    .nullable()
    .optional()
    .describe('Pretrained weights; without it the network starts random'),
});

export const backboneSchema = z.discriminatedUnion('type', [resNetSchema]);
