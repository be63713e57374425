import { z } from 'zod';
import { count, kept, only, positive, typed } from './parts.ts';

const stride = z.union([count, z.tuple([count, count])]);

/** Anchors of a dense head, MMDetection's `AnchorGenerator`; ratio = height / width, anchors are not rounded. */
const anchorGenerator = typed('AnchorGenerator', {
  strides: z
    .array(stride)
    .min(1)
    .describe('Pixels between neighbouring anchors of each level (or [w, h] pairs)'),
  ratios: z.array(positive).min(1).describe('Height / width of the anchors. Paper: 0.5, 1, 2'),
  scales: z
    .array(positive)
    .min(1)
    .nullable()
    .default(null)
    .describe('Anchor side in strides; instead of the octave keys. RPN: 8'),
  base_sizes: z
    .array(positive)
    .nullable()
    .default(null)
    .describe('Base size of each level in pixels; null = its stride'),
  scale_major: z
    .boolean()
    .default(true)
    .describe('Order of the anchors in a cell: true = for each ratio, all scales'),
  octave_base_scale: positive
    .nullable()
    .default(null)
    .describe('Side of the smallest anchor of a level in strides. RetinaNet: 4'),
  scales_per_octave: count
    .nullable()
    .default(null)
    .describe('Anchor sizes per doubling: 2^(i/n). RetinaNet: 3'),
  centers: only(null, 'anchors sit on the stride grid'),
  center_offset: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('Shift of the grid in base sizes; MMDetection 0'),
  use_box_type: only(false, 'boxes are plain xyxy arrays'),
});

/** torchvision's anchors: rounded to whole pixels, stride = padded image ÷ feature map. Not known to MMDetection. */
const torchvisionAnchorGenerator = typed('TorchvisionAnchorGenerator', {
  sizes: z
    .array(z.array(positive).min(1))
    .min(1)
    .describe('Anchor sides of each level in pixels, e.g. [[32, 40, 50], [64, 80, 101]]'),
  ratios: z.array(positive).min(1).describe('Height / width of the anchors'),
});

export const anchorGeneratorSchema = z.discriminatedUnion('type', [
  anchorGenerator,
  torchvisionAnchorGenerator,
]);

const quad = z.tuple([z.number(), z.number(), z.number(), z.number()]);
const positiveQuad = z.tuple([positive, positive, positive, positive]);

/** Box deltas relative to an anchor or a proposal (Girshick 2014), MMDetection's `DeltaXYWHBBoxCoder`. */
const deltaCoder = typed('DeltaXYWHBBoxCoder', {
  target_means: quad.default([0, 0, 0, 0]).describe('Subtracted from dx, dy, dw, dh'),
  target_stds: positiveQuad
    .default([1, 1, 1, 1])
    .describe('Divides dx, dy, dw, dh after the means. R-CNN: 0.1, 0.1, 0.2, 0.2'),
  clip_border: only(true, 'decoded boxes are clipped to the image'),
  add_ctr_clamp: only(false, 'the centre shift is not limited'),
  ctr_clamp: kept.optional(),
  use_box_type: only(false, 'boxes are plain xyxy arrays'),
});

export const bboxCoderSchema = z
  .discriminatedUnion('type', [deltaCoder])
  .prefault({ type: 'DeltaXYWHBBoxCoder' });
