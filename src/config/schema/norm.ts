import { z } from 'zod';
import { count, nonNegative, positive, typed } from './parts.ts';

const requiresGrad = z
  .boolean()
  .default(true)
  .describe('False freezes the scale and shift (caffe-style configs)');

/** Batch norm (Ioffe & Szegedy 2015), PyTorch's `BatchNorm2d`. */
const batchNormSchema = typed('BN', {
  requires_grad: requiresGrad,
  eps: positive.default(1e-5).describe('Added to the variance'),
  momentum: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('Share of the batch in the running statistics'),
});

/** Group norm (Wu & He 2018). */
const groupNormSchema = typed('GN', {
  num_groups: count.default(32).describe('Groups of channels. Paper: 32'),
  requires_grad: requiresGrad,
  eps: positive.default(1e-5).describe('Added to the variance'),
});

/** torchvision's `FrozenBatchNorm2d`: four constant vectors. Not known to MMDetection. */
const frozenBatchNormSchema = typed('FrozenBN', {
  eps: nonNegative.default(1e-5).describe('Added to the variance; torchvision’s COCO weights: 0'),
});

export const normSchema = z.discriminatedUnion('type', [
  batchNormSchema,
  groupNormSchema,
  frozenBatchNormSchema,
]);
