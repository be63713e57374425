import { z } from 'zod';
import { count, kept, nonNegative, only, positive, typed } from './parts.ts';

/** Stochastic gradient descent as PyTorch's: v = m·v + (g + wd·w), w −= lr·v. */
const sgdSchema = typed('SGD', {
  lr: positive.describe('Learning rate. RetinaNet: 0.01 for 16 images per iteration'),
  momentum: z.number().min(0).lt(1).default(0).describe('Detectors: 0.9'),
  dampening: only(0, 'dampening is not implemented'),
  weight_decay: nonNegative
    .default(0)
    .describe('Added to the gradient as this times the weight. Detectors: 0.0001'),
  nesterov: z.boolean().default(false),
});

const adamKeys = {
  lr: positive.default(0.001).describe('Learning rate'),
  betas: z
    .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
    .default([0.9, 0.999])
    .describe('Decay of the first and second moment'),
  eps: positive.default(1e-8),
  amsgrad: only(false, 'AMSGrad is not implemented'),
};

/** AdamW (Loshchilov & Hutter 2019) as PyTorch's: the weight decay does not pass through the moments. */
const adamWSchema = typed('AdamW', {
  ...adamKeys,
  weight_decay: nonNegative.default(0.01).describe('Each step shrinks weights by lr times this'),
});

/** Adam (Kingma & Ba 2015) as PyTorch's: the weight decay is added to the gradient and passes through the moments. */
const adamSchema = typed('Adam', {
  ...adamKeys,
  weight_decay: nonNegative.default(0).describe('Added to the gradient as this times the weight'),
});

const optimizerSchema = z.discriminatedUnion('type', [sgdSchema, adamWSchema, adamSchema]);

// Which of max_norm and clip_value must be there depends on the type: checks.ts.
const clipGrad = z.strictObject({
  type: z
    .enum(['norm', 'value'])
    .default('norm')
    .describe('Clip by the global norm (max_norm) or each element (clip_value)'),
  max_norm: positive.optional().describe('Gradients are scaled down to this global L2 norm'),
  clip_value: positive
    .optional()
    .describe('With type value: gradient elements are clamped to ±this'),
  norm_type: only(2, 'the norm is the L2 norm'),
  error_if_nonfinite: kept.optional(),
});

const customKey = z.strictObject({
  lr_mult: nonNegative.optional().describe('Factor of the learning rate'),
  decay_mult: nonNegative.optional().describe('Factor of the weight decay'),
});

const paramwiseSchema = z.strictObject({
  norm_decay_mult: nonNegative
    .nullable()
    .default(null)
    .describe('Factor of the weight decay of BatchNorm scale and shift'),
  bias_decay_mult: nonNegative
    .nullable()
    .default(null)
    .describe('Factor of the weight decay of biases'),
  bias_lr_mult: nonNegative
    .nullable()
    .default(null)
    .describe('Factor of the learning rate of biases'),
  dwconv_decay_mult: kept.optional(),
  dcn_offset_lr_mult: kept.optional(),
  flat_decay_mult: only(null, 'give norm_decay_mult and bias_decay_mult'),
  bypass_duplicate: z.boolean().default(false),
  custom_keys: z
    .record(z.string(), customKey)
    .default({})
    .describe('Parameters whose name contains the key; the longest matching key counts'),
});

export const optimWrapperSchema = z.discriminatedUnion('type', [
  typed('OptimWrapper', {
    optimizer: optimizerSchema,
    clip_grad: clipGrad.nullable().default(null).describe('null: gradients are not clipped'),
    paramwise_cfg: paramwiseSchema.nullable().default(null),
    accumulative_counts: only(1, 'gradients are not accumulated over iterations'),
    constructor: kept.optional(),
  }),
]);

export const autoScaleLrSchema = z.strictObject({
  enable: z
    .boolean()
    .default(false)
    .describe('Multiply the learning rate by batch_size / base_batch_size'),
  base_batch_size: count.describe('Images per iteration that the learning rate was chosen for'),
});
