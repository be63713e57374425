import { z } from 'zod';
import { count, fraction, kept, nonNegative, only, positive, typed } from './parts.ts';

const size = z.tuple([count, count]);
const colour = z.tuple([z.number(), z.number(), z.number()]);

/** Lower and upper end. */
const range = z.tuple([z.number(), z.number()]);
const positiveRange = z.tuple([positive, positive]);

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

/** What Resize and its relatives have in common. */
const resizeKeys = {
  keep_ratio: z
    .boolean()
    .default(false)
    .describe('Keep the aspect ratio. Every shipped config: true'),
  clip_object_border: z.boolean().default(true).describe('Clip boxes to the resized image'),
  backend: only('cv2', 'images are resized with the arithmetic of cv2'),
  interpolation: only('bilinear', 'images are resized bilinearly'),
};

const byResize = only('Resize', 'the size is drawn here, the resizing is that of Resize');

/** Scales image and boxes; with keep_ratio the scale is a frame into which the image must fit. */
const resizeSchema = typed('Resize', {
  scale: z
    .union([count, size])
    .nullable()
    .default(null)
    .describe(
      '(width, height) in pixels; with keep_ratio the long and short limits in either order',
    ),
  scale_factor: z
    .union([positive, positiveRange])
    .nullable()
    .default(null)
    .describe('Used when there is no scale: new size ÷ old, for both sides or (width, height)'),
  ...resizeKeys,
});

/** Resize to a scale that is drawn anew for each image. */
const randomResizeSchema = typed('RandomResize', {
  scale: z
    .union([size, z.tuple([size, size])])
    .describe(
      'One (width, height) to multiply by a ratio, or two between which each side is drawn',
    ),
  ratio_range: positiveRange
    .nullable()
    .default(null)
    .describe('Smallest and largest ratio, for one scale'),
  resize_type: byResize,
  ...resizeKeys,
});

/** Resize to one of several scales, each as likely. */
const randomChoiceResizeSchema = typed('RandomChoiceResize', {
  scales: z.array(size).min(1).describe('The (width, height) to choose from'),
  resize_type: byResize,
  ...resizeKeys,
});

/** Resize so that the shorter side has a length, the longer one at most another. */
const resizeShortestEdgeSchema = typed('ResizeShortestEdge', {
  scale: z
    .union([count, size])
    .describe('Length of the shorter side in pixels; of two the smaller'),
  max_size: count.nullable().default(null).describe('The longer side is at most this long'),
  resize_type: byResize,
  ...resizeKeys,
});

const padVal = z.union([
  z.int(),
  z.strictObject({
    img: z.union([z.number(), colour]).default(0),
    masks: kept.optional(),
    seg: kept.optional(),
  }),
]);

/** Resize to exactly one size; with keep_ratio the rest is padded. */
const fixShapeResizeSchema = typed('FixShapeResize', {
  width: count.describe('Width in pixels'),
  height: count.describe('Height in pixels'),
  pad_val: padVal.default({ img: 0 }).describe('Colour of the padding; three numbers are B, G, R'),
  ...resizeKeys,
});

const direction = z.enum(['horizontal', 'vertical', 'diagonal']);

const randomFlipSchema = typed('RandomFlip', {
  prob: z
    .union([fraction, z.array(fraction).min(1)])
    .describe('Probability of mirroring left to right. Paper: 0.5'),
  direction: z
    .union([direction, z.array(direction).min(1)])
    .default('horizontal')
    .describe('horizontal, vertical, diagonal (both), or a list that shares or lists prob'),
  swap_seg_labels: kept.optional(),
});

/** Fills up on the right and bottom. The padded size counts as the image's size from then on. */
const padSchema = typed('Pad', {
  size: size.nullable().default(null).describe('(width, height) to fill up to'),
  size_divisor: count.nullable().default(null).describe('Fill up to a multiple of this'),
  pad_to_square: z.boolean().default(false).describe('Fill up the shorter side'),
  pad_val: padVal.default({ img: 0 }).describe('Colour of the padding; three numbers are B, G, R'),
  padding_mode: only('constant', 'padding has one colour'),
});

/** Known so that a message can say why it is refused: the data_preprocessor normalises. */
const normalizeSchema = typed('Normalize', {
  mean: colour,
  std: colour,
  to_rgb: z.boolean().default(true),
});

const randomCropSchema = typed('RandomCrop', {
  crop_size: positiveRange.describe('(width, height), in pixels or as a share, by crop_type'),
  crop_type: z
    .enum(['absolute', 'absolute_range', 'relative', 'relative_range'])
    .default('absolute')
    .describe('Whether crop_size is in pixels or a share, and the size or a range of it'),
  allow_negative_crop: z
    .boolean()
    .default(false)
    .describe('Keep crops without boxes; otherwise another image is taken'),
  recompute_bbox: only(false, 'there are no masks to compute boxes from'),
  bbox_clip_border: z.boolean().default(true).describe('Clip boxes to the crop'),
});

/** Random brightness, contrast, saturation, hue and channel order. The result is rounded to 8 bits in the end. */
const photoMetricDistortionSchema = typed('PhotoMetricDistortion', {
  brightness_delta: nonNegative.default(32).describe('Up to this much is added or taken, of 255'),
  contrast_range: range.default([0.5, 1.5]).describe('Range of the factor on all channels'),
  saturation_range: range.default([0.5, 1.5]).describe('Range of the factor on the saturation'),
  hue_delta: nonNegative
    .max(360)
    .default(18)
    .describe('Up to this much is added to the hue, in degrees'),
});

/** Puts the image somewhere on a larger canvas. */
const expandSchema = typed('Expand', {
  mean: colour.default([0, 0, 0]).describe('Colour of the canvas'),
  to_rgb: z.boolean().default(true).describe('The colour is given as R, G, B'),
  ratio_range: z
    .tuple([z.number().min(1), z.number().min(1)])
    .default([1, 4])
    .describe('Range of canvas side ÷ image side'),
  seg_ignore_label: kept.optional(),
  prob: fraction.default(0.5).describe('Probability of expanding'),
});

/** The crop of SSD: every box overlaps the crop by a drawn IoU at least. */
const minIoURandomCropSchema = typed('MinIoURandomCrop', {
  min_ious: z
    .array(fraction)
    .default([0.1, 0.3, 0.5, 0.7, 0.9])
    .describe('One is drawn; or the whole image, or any crop'),
  min_crop_size: fraction.default(0.3).describe('Smallest share of each side'),
  bbox_clip_border: z.boolean().default(true).describe('Clip boxes to the crop'),
});

/** Rotation, scaling, shear and translation. */
const randomAffineSchema = typed('RandomAffine', {
  max_rotate_degree: nonNegative.max(180).default(10).describe('Largest rotation in degrees'),
  max_translate_ratio: fraction.default(0.1).describe('Largest shift, as a share of the side'),
  scaling_ratio_range: positiveRange.default([0.5, 1.5]).describe('Range of the scale'),
  max_shear_degree: nonNegative.max(80).default(2).describe('Largest shear in degrees'),
  border: z
    .tuple([z.int(), z.int()])
    .default([0, 0])
    .describe('(width, height) added at each side of the output; negative after Mosaic'),
  border_val: colour.default([114, 114, 114]).describe('Colour outside the image: B, G, R'),
  bbox_clip_border: z.boolean().default(true).describe('Clip boxes to the output'),
});

/** Four images around a random centre, on a canvas of twice img_scale. Needs a MultiImageMixDataset. */
const mosaicSchema = typed('Mosaic', {
  img_scale: size.default([640, 640]).describe('(width, height) each image is fitted into'),
  center_ratio_range: z
    .tuple([nonNegative.max(2), nonNegative.max(2)])
    .default([0.5, 1.5])
    .describe('Range of the centre, in img_scale'),
  bbox_clip_border: z.boolean().default(true).describe('Clip boxes to the canvas'),
  pad_val: z.number().default(114).describe('Grey of the canvas'),
  prob: fraction.default(1).describe('Probability of a mosaic'),
});

/** The mean of two images. Needs a MultiImageMixDataset. */
const mixUpSchema = typed('MixUp', {
  img_scale: size.default([640, 640]).describe('(width, height) the second image is fitted into'),
  ratio_range: positiveRange.default([0.5, 1.5]).describe('Range of its further scale'),
  flip_ratio: fraction
    .default(0.5)
    .describe('Probability of mirroring the second image (3.3.0 has it the wrong way round)'),
  pad_val: z.number().default(114).describe('Grey around the second image'),
  max_iters: count.default(15).describe('Tries to find a second image with boxes'),
  bbox_clip_border: z.boolean().default(true).describe('Clip boxes to the image'),
});

/** Drops small boxes. */
const filterAnnotationsSchema = typed('FilterAnnotations', {
  min_gt_bbox_wh: z
    .tuple([nonNegative, nonNegative])
    .default([1, 1])
    .describe('Boxes must be wider and higher than this'),
  min_gt_mask_area: kept.optional(),
  by_box: only(true, 'boxes are all there is to filter'),
  by_mask: only(false, 'masks are not used'),
  keep_empty: z
    .boolean()
    .default(true)
    .describe('true: an image that loses all boxes is replaced by another (MMDetection’s meaning)'),
});

const packInputsSchema = typed('PackDetInputs', {
  meta_keys: z.array(z.string()).optional(),
});

const transformSchema = z.discriminatedUnion('type', [
  loadImageSchema,
  loadAnnotationsSchema,
  resizeSchema,
  randomResizeSchema,
  randomChoiceResizeSchema,
  resizeShortestEdgeSchema,
  fixShapeResizeSchema,
  randomFlipSchema,
  padSchema,
  normalizeSchema,
  randomCropSchema,
  photoMetricDistortionSchema,
  expandSchema,
  minIoURandomCropSchema,
  randomAffineSchema,
  mosaicSchema,
  mixUpSchema,
  filterAnnotationsSchema,
  packInputsSchema,
]);

export const pipelineSchema = z
  .array(transformSchema)
  .min(1)
  .describe('Steps from file to network input, in order');

/** One step of a pipeline, checked, defaults filled in. */
export type TransformConfig = z.output<typeof transformSchema>;

/** Steps that change an image or its boxes; the others are what the loader itself does. */
export type TransformStep = Exclude<
  TransformConfig,
  { type: 'LoadImageFromFile' | 'LoadAnnotations' | 'Normalize' | 'PackDetInputs' }
>;

/** The keys of one kind of step. */
export type StepOf<T extends TransformStep['type']> = Extract<TransformStep, { type: T }>;

/** Keys of {@link pipelineSchema} of the wrapper that mixes images. */
export const mixPipelineKeys = {
  pipeline: pipelineSchema,
  skip_type_keys: z
    .array(z.string())
    .nullable()
    .default(null)
    .describe('Steps of these types are left out'),
  max_refetch: count.default(15).describe('Tries when a step drops an image'),
  dynamic_scale: only(null, 'deprecated in MMDetection; use Resize'),
  lazy_init: kept.optional(),
};
