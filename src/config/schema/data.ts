import { z } from 'zod';
import { count, fraction, index, kept, nonNegative, only, typed } from './parts.ts';
import { mixPipelineKeys, pipelineSchema } from './pipeline.ts';

const classNames = z
  .array(z.string().min(1))
  .min(1)
  .describe('Class names in label order; a list, also for one class');

export const metainfoSchema = z.strictObject({
  classes: classNames.optional(),
  palette: kept.optional(),
  dataset_type: kept.optional(),
  task_name: kept.optional(),
});

const filterCfg = z.strictObject({
  filter_empty_gt: z.boolean().default(false).describe('Leave out training images without boxes'),
  min_size: nonNegative
    .default(0)
    .describe('Leave out training images whose shorter side is below this many pixels'),
  bbox_min_size: nonNegative
    .nullable()
    .default(null)
    .describe('VOC: boxes smaller than this many pixels are ignored'),
});

const datasetKeys = {
  ann_file: z
    .string()
    .default('')
    .describe('Label file or list of image names, relative to data_root'),
  metainfo: metainfoSchema.nullable().default(null),
  data_root: z.string().nullable().default(''),
  data_prefix: z.record(z.string(), z.string()).default({}),
  filter_cfg: filterCfg.nullable().default(null),
  indices: kept.optional(),
  serialize_data: kept.optional(),
  pipeline: pipelineSchema,
  test_mode: z.boolean().default(false),
  lazy_init: kept.optional(),
  max_refetch: kept.optional(),
  backend_args: kept.optional(),
  file_client_args: kept.optional(),
  proposal_file: only(null, 'there are no precomputed proposals'),
  return_classes: kept.optional(),
};

const cocoDatasetSchema = typed('CocoDataset', {
  ...datasetKeys,
  seg_map_suffix: kept.optional(),
});
const vocDatasetSchema = typed('VOCDataset', {
  ...datasetKeys,
  img_subdir: z.string().default('JPEGImages'),
  ann_subdir: z.string().default('Annotations'),
});

const leafDataset = z.discriminatedUnion('type', [cocoDatasetSchema, vocDatasetSchema]);

const concatDatasetSchema = typed('ConcatDataset', {
  datasets: z.array(leafDataset).min(1),
  lazy_init: kept.optional(),
  ignore_keys: z
    .union([z.string(), z.array(z.string())])
    .nullable()
    .default(null),
});

const repeatDatasetSchema = typed('RepeatDataset', {
  times: count.describe('How often the data set counts in an epoch'),
  dataset: z.discriminatedUnion('type', [cocoDatasetSchema, vocDatasetSchema, concatDatasetSchema]),
  lazy_init: kept.optional(),
});

/** Its own pipeline runs on what the inner data set gives, and its steps may draw further images from there. */
const multiImageMixDatasetSchema = typed('MultiImageMixDataset', {
  dataset: z.discriminatedUnion('type', [
    cocoDatasetSchema,
    vocDatasetSchema,
    concatDatasetSchema,
    repeatDatasetSchema,
  ]),
  ...mixPipelineKeys,
});

export const datasetSchema = z.discriminatedUnion('type', [
  cocoDatasetSchema,
  vocDatasetSchema,
  concatDatasetSchema,
  repeatDatasetSchema,
  multiImageMixDatasetSchema,
]);
export type DatasetConfig = z.output<typeof datasetSchema>;
export type LeafDatasetConfig = z.output<typeof leafDataset>;

const samplerSchema = z.discriminatedUnion('type', [
  typed('DefaultSampler', {
    shuffle: z.boolean().default(true).describe('A new order in every epoch'),
    seed: z.int().nullable().default(null),
    round_up: z.boolean().default(true).describe('Has an effect on several devices only'),
  }),
  typed('InfiniteSampler', {
    shuffle: z.boolean().default(true).describe('A new order in every round'),
    seed: z.int().nullable().default(null),
  }),
]);

const batchSamplerSchema = z.discriminatedUnion('type', [
  typed('AspectRatioBatchSampler', {
    drop_last: z.boolean().default(false),
  }),
]);

export const dataloaderSchema = z.strictObject({
  batch_size: count.describe('Images per iteration'),
  num_workers: index
    .default(0)
    .describe('Decoding threads in MMDetection; here the engine decides'),
  persistent_workers: z.boolean().default(false),
  drop_last: z.boolean().default(false).describe('Leave out the last, smaller batch of an epoch'),
  pin_memory: kept.optional(),
  prefetch_factor: kept.optional(),
  timeout: kept.optional(),
  collate_fn: kept.optional(),
  sampler: samplerSchema,
  batch_sampler: batchSamplerSchema
    .nullable()
    .default(null)
    .describe('AspectRatioBatchSampler: wide and high images in separate batches'),
  dataset: datasetSchema,
});

/** Pascal VOC average precision. */
const vocMetricSchema = typed('VOCMetric', {
  iou_thrs: z
    .union([fraction, z.array(fraction).min(1)])
    .default(0.5)
    .describe('IoU from which a detection counts'),
  scale_ranges: only(null, 'all box sizes are evaluated together'),
  metric: z.union([z.literal('mAP'), z.tuple([z.literal('mAP')])]).default('mAP'),
  proposal_nums: kept.optional(),
  eval_mode: z
    .enum(['area', '11points'])
    .default('11points')
    .describe('Area under the precision-recall curve, or the mean at 11 recalls (VOC 2007)'),
  collect_device: kept.optional(),
  prefix: z.string().nullable().default('pascal_voc'),
});

const cocoMetricName = z.enum(['bbox', 'proposal', 'proposal_fast']);

/** COCO average precision. */
const cocoMetricSchema = typed('CocoMetric', {
  ann_file: z.string().nullable().default(null),
  metric: z.union([cocoMetricName, z.array(cocoMetricName)]).default('bbox'),
  classwise: z.boolean().default(false),
  proposal_nums: z.array(count).default([100, 300, 1000]),
  iou_thrs: z
    .union([fraction, z.array(fraction)])
    .nullable()
    .default(null),
  metric_items: z.array(z.string()).nullable().default(null),
  format_only: z.boolean().default(false),
  outfile_prefix: z.string().nullable().default(null),
  backend_args: kept.optional(),
  file_client_args: kept.optional(),
  collect_device: kept.optional(),
  prefix: z.string().nullable().default('coco'),
  sort_categories: z.boolean().default(false),
  use_mp_eval: kept.optional(),
});

const oneEvaluator = z.discriminatedUnion('type', [vocMetricSchema, cocoMetricSchema]);
export const evaluatorSchema = z.union([oneEvaluator, z.array(oneEvaluator).min(1)]);
