import { z } from 'zod';
import { normSchema } from './norm.ts';
import { count, index, kept, only, typed } from './parts.ts';

/** Feature Pyramid Network (Lin et al. 2017), MMDetection's `FPN`. */
const fpnSchema = typed('FPN', {
  in_channels: z.array(count).min(1).describe('Channels of the backbone outputs, in order'),
  out_channels: count.describe('Channels of every pyramid level. Paper: 256'),
  num_outs: count.describe('Number of pyramid levels. RetinaNet: 5 (strides 8 … 128)'),
  start_level: index.default(0).describe('First backbone output that is used. RetinaNet: 1'),
  end_level: z
    .int()
    .min(-1)
    .default(-1)
    .describe('Last backbone output that is used; -1 = the last there is'),
  add_extra_convs: z
    .union([z.boolean(), z.enum(['on_input', 'on_lateral', 'on_output'])])
    .default(false)
    .describe(
      'What the first level above the backbone reads: on_input (= true) the last backbone output, on_lateral, on_output; false takes every other cell of the last level',
    ),
  relu_before_extra_convs: z
    .boolean()
    .default(false)
    .describe(
      'ReLU before the second and later extra levels (torchvision does, MMDetection does not)',
    ),
  no_norm_on_lateral: z
    .boolean()
    .default(false)
    .describe('The 1×1 convolutions have no norm; without norm_cfg it has no effect'),
  conv_cfg: only(null, 'convolutions are ordinary ones'),
  norm_cfg: normSchema.nullable().default(null).describe('Norm of the convolutions'),
  act_cfg: only(null, 'the pyramid has no activation'),
  upsample_cfg: nearestUpsampling().default({ mode: 'nearest' }),
  init_cfg: kept.optional(),
});

function nearestUpsampling() {
  return z.strictObject({ mode: only('nearest', 'the top-down path copies the nearest cell') });
}

export const neckSchema = z.discriminatedUnion('type', [fpnSchema]);
