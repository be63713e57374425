import { z } from 'zod';
import { count, fraction, kept, only, typed } from './parts.ts';

/** Reads and decodes the image (BGR, EXIF rotation applied, as cv2). */
const loadImageSchema = typed('LoadImageFromFile', {
  to_float32: z.boolean().default(false),
  color_type: only('color', 'images have three channels'),
  imdecode_backend: kept.optional(),
  ignore_empty: z.boolean().default(false),
  backend_args: kept.optional(),
  file_client_args: kept.optional(),
});

const loadAnnotationsSchema = typed('LoadAnnotations', {
  with_bbox: only(true, 'detectors train on boxes'),
  with_label: only(true, 'detectors train on labels'),
  with_mask: only(false, 'masks are not used'),
  with_seg: only(false, 'segmentation maps are not used'),
  poly2mask: kept.optional(),
  box_type: only('hbox', 'boxes are axis-aligned'),
  reduce_zero_label: kept.optional(),
  ignore_index: kept.optional(),
  imdecode_backend: kept.optional(),
  backend_args: kept.optional(),
  file_client_args: kept.optional(),
});

/** Scales image and boxes; with keep_ratio the scale is a frame into which the image must fit. */
const resizeSchema = typed('Resize', {
  scale: z
    .union([count, z.tuple([count, count])])
    .describe(
      '(width, height) in pixels; with keep_ratio the long and short limits in either order',
    ),
  scale_factor: only(null, 'give `scale` instead'),
  keep_ratio: z
    .boolean()
    .default(false)
    .describe('Keep the aspect ratio. Every shipped config: true'),
  clip_object_border: only(true, 'boxes are clipped to the image'),
  backend: only('cv2', 'images are resized with the arithmetic of cv2'),
  interpolation: only('bilinear', 'images are resized bilinearly'),
});

const randomFlipSchema = typed('RandomFlip', {
  prob: fraction.describe('Probability of mirroring left to right. Paper: 0.5'),
  direction: only('horizontal', 'images are flipped left to right'),
  swap_seg_labels: kept.optional(),
});

const packInputsSchema = typed('PackDetInputs', {
  meta_keys: z.array(z.string()).optional(),
});

const transformSchema = z.discriminatedUnion('type', [
  loadImageSchema,
  loadAnnotationsSchema,
  resizeSchema,
  randomFlipSchema,
  packInputsSchema,
]);

export const pipelineSchema = z
  .array(transformSchema)
  .min(1)
  .describe('Steps from file to network input, in order');
