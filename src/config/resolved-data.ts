import { UserError } from '../base/errors.ts';
import type { ConfigPath } from './config-node.ts';
import { inputFrames } from './input-frames.ts';
import type { Config } from './schema/config-schema.ts';
import type { DatasetConfig, LeafDatasetConfig } from './schema/data.ts';
import type { TransformConfig, TransformStep } from './schema/pipeline.ts';

export interface LeafDataset {
  /** Path below the dataset section: `[]`, `['dataset']`, `['dataset', 'datasets', 1]` … */
  readonly path: ConfigPath;
  readonly dataset: LeafDatasetConfig;
}

/** The data sets inside MultiImageMix-, Repeat- and ConcatDataset, in order. */
export function leafDatasets(dataset: DatasetConfig): LeafDataset[] {
  if (dataset.type === 'RepeatDataset' || dataset.type === 'MultiImageMixDataset') {
    return leafDatasets(dataset.dataset).map((leaf) => ({
      ...leaf,
      path: ['dataset', ...leaf.path],
    }));
  }
  if (dataset.type === 'ConcatDataset') {
    return dataset.datasets.map((leaf, i) => ({ path: ['datasets', i], dataset: leaf }));
  }
  return [{ path: [], dataset }];
}

/** How often the data set counts in an epoch (RepeatDataset), 1 without it. */
export function repeatTimes(dataset: DatasetConfig): number {
  if (dataset.type === 'MultiImageMixDataset') return repeatTimes(dataset.dataset);
  return dataset.type === 'RepeatDataset' ? dataset.times : 1;
}

export interface PipelineOptions {
  /** What is done to each image, between loading and packing. */
  readonly steps: readonly TransformStep[];
  /** MultiImageMixDataset: what is then done to each, with further images where a step mixes; undefined without it. */
  readonly mix: MixOptions | undefined;
}

export interface MixOptions {
  readonly steps: readonly TransformStep[];
  /** Tries of a step that drops an image. */
  readonly maxRefetch: number;
}

/**
 * What the pipeline of a split does to images. Of several data sets the first one's pipeline counts. `val` and `test` fall
 * back on each other, then on the training pipeline; they keep only the steps that draw nothing.
 *
 * @throws UserError `no-test-size` when that leaves no step that gives the images a size
 */
export function pipelineOptions(config: Config, split: 'train' | 'val' | 'test'): PipelineOptions {
  if (split === 'train') return trainPipeline(config.train_dataloader.dataset);
  const { val_dataloader: val, test_dataloader: test, train_dataloader: train } = config;
  const loader = (split === 'val' ? (val ?? test) : (test ?? val)) ?? train;
  const { steps, mix } = trainPipeline(loader.dataset);
  const fixed = [...steps, ...(mix?.steps ?? [])].filter(drawsNothing);
  if (inputFrames(fixed) === undefined) {
    throw new UserError({
      code: 'no-test-size',
      what: 'The config does not say at which size images are predicted.',
      why: 'There is no val_dataloader or test_dataloader, and the training pipeline draws its sizes.',
      action: 'Add a test_dataloader whose pipeline has a Resize.',
      place: { key: 'test_dataloader' },
    });
  }
  return { steps: fixed, mix: undefined };
}

function trainPipeline(dataset: DatasetConfig): PipelineOptions {
  const steps = (leafDatasets(dataset)[0]?.dataset.pipeline ?? []).filter(changesImages);
  if (dataset.type !== 'MultiImageMixDataset') return { steps, mix: undefined };
  const skipped = dataset.skip_type_keys ?? [];
  const mixing = dataset.pipeline.filter(changesImages);
  return {
    steps,
    mix: {
      steps: mixing.filter(({ type }) => !skipped.includes(type)),
      maxRefetch: dataset.max_refetch,
    },
  };
}

/** Steps that a transform runs; loading, packing and normalising are elsewhere. */
export function changesImages(step: TransformConfig): step is TransformStep {
  return !['LoadImageFromFile', 'LoadAnnotations', 'Normalize', 'PackDetInputs'].includes(
    step.type,
  );
}

/** Steps that do the same to an image each time. */
export function drawsNothing(step: TransformStep): boolean {
  return ['Resize', 'ResizeShortestEdge', 'FixShapeResize', 'Pad'].includes(step.type);
}

export interface FilterOptions {
  /** Leave out training images without boxes. */
  readonly filterEmptyGt: boolean;
  /** Leave out training images whose shorter side is below this, in pixels. */
  readonly minSize: number;
  /** VOC: training boxes narrower or lower than this many pixels are ignored, as difficult ones are; null = none. */
  readonly bboxMinSize: number | null;
}

/** Which training images are left out; MMDetection filters nothing unless the config says so. */
export function filterOptions(config: Config): FilterOptions {
  const filter = leafDatasets(config.train_dataloader.dataset)[0]?.dataset.filter_cfg;
  return {
    filterEmptyGt: filter?.filter_empty_gt ?? false,
    minSize: filter?.min_size ?? 0,
    bboxMinSize: filter?.bbox_min_size ?? null,
  };
}

export interface SamplingOptions {
  /** A new order in every epoch or round. */
  readonly shuffle: boolean;
  /** InfiniteSampler: one endless stream; else epochs. */
  readonly infinite: boolean;
  /** Wide and high images in separate batches. */
  readonly groupByAspect: boolean;
  readonly dropLast: boolean;
}

/** In which order training images come, and how they are put into batches. */
export function samplingOptions({ train_dataloader: loader }: Config): SamplingOptions {
  return {
    shuffle: loader.sampler.shuffle,
    infinite: loader.sampler.type === 'InfiniteSampler',
    groupByAspect: loader.batch_sampler !== null,
    dropLast: loader.drop_last || loader.batch_sampler?.drop_last === true,
  };
}

export interface VocEvaluation {
  readonly iouThrs: readonly number[];
  readonly evalMode: 'area' | '11points';
  readonly prefix: string;
}

/** The VOCMetric among the evaluators of `val_evaluator` (else of `test_evaluator`), or undefined when there is none. */
export function vocEvaluation(config: Config): VocEvaluation | undefined {
  const voc = [config.val_evaluator, config.test_evaluator]
    .flat()
    .find((evaluator) => evaluator?.type === 'VOCMetric');
  if (voc?.type !== 'VOCMetric') return undefined;
  return {
    iouThrs: [voc.iou_thrs].flat(),
    evalMode: voc.eval_mode,
    prefix: voc.prefix ?? 'pascal_voc',
  };
}
