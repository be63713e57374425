import type { ConfigPath } from './config-node.ts';
import type { Config } from './schema/config-schema.ts';
import type { DatasetConfig, LeafDatasetConfig } from './schema/data.ts';

export interface LeafDataset {
  /** Path below the dataset section: `[]`, `['dataset']`, `['dataset', 'datasets', 1]` … */
  readonly path: ConfigPath;
  readonly dataset: LeafDatasetConfig;
}

/** The data sets inside Repeat- and ConcatDataset, in order. */
export function leafDatasets(dataset: DatasetConfig): LeafDataset[] {
  if (dataset.type === 'RepeatDataset') {
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
  return dataset.type === 'RepeatDataset' ? dataset.times : 1;
}

export interface PipelineOptions {
  /** [width, height] in pixels; with keepRatio a frame in either order. */
  readonly scale: readonly [number, number];
  readonly keepRatio: boolean;
  /** Probability of a horizontal flip; 0 in testing. */
  readonly flipProb: number;
}

/**
 * What the pipeline of a split does to images. Of several data sets the first one's pipeline counts. `val` and `test` fall
 * back on each other, then on the training pipeline without its flip.
 */
export function pipelineOptions(config: Config, split: 'train' | 'val' | 'test'): PipelineOptions {
  const loader =
    split === 'train'
      ? config.train_dataloader
      : ((split === 'val'
          ? (config.val_dataloader ?? config.test_dataloader)
          : (config.test_dataloader ?? config.val_dataloader)) ?? config.train_dataloader);
  const pipeline = leafDatasets(loader.dataset)[0]?.dataset.pipeline ?? [];
  const resize = pipeline.find((step) => step.type === 'Resize');
  const flip = pipeline.find((step) => step.type === 'RandomFlip');
  // The checks of a loaded config guarantee one Resize per pipeline.
  if (resize === undefined) throw new Error(`the ${split} pipeline has no Resize`);
  const { scale } = resize;
  return {
    scale: typeof scale === 'number' ? [scale, scale] : scale,
    keepRatio: resize.keep_ratio,
    flipProb: split === 'train' ? (flip?.prob ?? 0) : 0,
  };
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
