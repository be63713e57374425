import { UserError } from '../base/errors.ts';
import { inputFrames } from '../config/input-frames.ts';
import { filterOptions, pipelineOptions } from '../config/resolved-data.ts';
import { looksAtIgnoredBoxes, modelInput } from '../config/resolved-model.ts';
import { scheduleOptions } from '../config/resolved-schedule.ts';
import { emaOptions, hookOptions, optimOptions } from '../config/resolved.ts';
import type { Config } from '../config/schema/config-schema.ts';
import { resolveTrainPlan } from '../config/train-plan.ts';
import type { Dataset } from '../data/dataset.ts';
import { FLAG_IGNORE, FLAG_UNUSABLE } from '../data/dataset.ts';
import { filterForTraining } from '../data/loader/batch-sampler.ts';
import type { InputSize } from '../data/loader/bucket.ts';
import { createPipeline, imagesPerSample } from '../data/loader/pipeline.ts';
import type { Pipeline } from '../data/loader/pipeline.ts';
import { withMinBoxSize } from '../data/min-box-size.ts';
import { trainSplit } from '../data/splits.ts';
import type { EmaOptions } from '../train/ema.ts';
import type { OptimizerOptions } from '../train/optimizers/optimizer.ts';
import { createLrSchedule } from '../train/schedules/lr-schedule.ts';
import { averageOptions, optimizerOptions } from './engine-options.ts';
import { inputBuckets } from './input-buckets.ts';

/** Everything that is fixed before the first step. */
export interface RunPlan {
  readonly config: Config;
  /** The merged config, for the checkpoint and the run folder. */
  readonly configText: string;
  readonly classes: readonly string[];
  /** The data as training sees it: boxes below filter_cfg.bbox_min_size are ignored. */
  readonly dataset: Dataset;
  readonly optimizer: OptimizerOptions;
  /** The running average that is evaluated and saved instead of the weights; undefined: none. */
  readonly ema: EmaOptions | undefined;
  readonly lrAt: (iter: number) => number;
  readonly maxIters: number;
  readonly itersPerEpoch: number;
  readonly maxEpochs: number;
  /** Whether the config counts epochs (EpochBasedTrainLoop). */
  readonly byEpoch: boolean;
  readonly batchSize: number;
  /** Dataset indices of the training images, after filtering and repetition. */
  readonly indices: Uint32Array;
  readonly pipeline: Pipeline;
  readonly buckets: readonly InputSize[];
  /** Room for ground truths per image. */
  readonly maxGts: number;
  /** Room for boxes to ignore per image; undefined where no assigner looks at them (`ignore_iof_thr`). */
  readonly maxIgnores: number | undefined;
  readonly seed: number;
  /** What the user should know before the run: split chosen, images left out, weights not loaded. */
  readonly notes: readonly string[];
}

/** More boxes per image than this are cut, with a problem: the matcher's memory is proportional to it. */
const MOST_GTS = 256;

export interface PlanInput {
  readonly config: Config;
  readonly configText: string;
  readonly dataset: Dataset;
  readonly seed: number;
  /** Shortens (or lengthens) the run; the schedule stays the config's. */
  readonly maxIters?: number;
}

/**
 * Works out a run from a checked config and an open dataset.
 *
 * @throws UserError when no training image is left, or the config asks for what is not built
 */
export function planRun({ config, configText, dataset: all, seed, maxIters }: PlanInput): RunPlan {
  const filter = filterOptions(config);
  const dataset = withMinBoxSize(all, filter.bboxMinSize ?? 0);
  const split = trainSplit(dataset);
  const filtered = filterForTraining(dataset, split.indices, filter);
  if (filtered.length === 0) {
    throw new UserError({
      code: 'no-training-images',
      what: 'No image is left to train on (MMDetection: "need at least one array to concatenate").',
      why: `The split ${split.name} has ${split.indices.length} images; all were left out: those without boxes of the chosen classes, or with a side below ${filter.minSize} px.`,
      action:
        'Check that the class names of the config are those of the data, or set filter_cfg.filter_empty_gt to false.',
      place: { key: 'train_dataloader.dataset.filter_cfg' },
    });
  }
  const plan = resolveTrainPlan(config, filtered.length);
  const optim = optimOptions(config);
  const { padSizeDivisor, pretrained } = modelInput(config);
  const input = pipelineOptions(config, 'train');
  const pipeline = createPipeline({ ...input, padSizeDivisor });
  const images = imagesPerSample(pipeline);
  const notes = [split.note];
  if (filtered.length < split.indices.length) {
    notes.push(
      `${split.indices.length - filtered.length} of ${split.indices.length} images are left out of training (no boxes, or too small).`,
    );
  }
  if (pretrained !== null) {
    notes.push(
      `init_cfg asks for ${pretrained}, which this page does not fetch: weights start random unless a checkpoint is loaded first.`,
    );
  }
  if (config.val_evaluator !== null && plan.valInterval < plan.iterations) {
    notes.push(
      'val_interval is not acted upon: nothing is evaluated while training. Evaluate the checkpoint afterwards (test).',
    );
  }
  return {
    config,
    configText,
    classes: dataset.classes,
    dataset,
    optimizer: optimizerOptions(optim),
    ema: averageOptions(emaOptions(config), plan.itersPerEpoch),
    lrAt: createLrSchedule(scheduleOptions(config, plan), optim.lr, plan.itersPerEpoch),
    maxIters: maxIters ?? plan.iterations,
    itersPerEpoch: plan.itersPerEpoch,
    maxEpochs: Math.ceil(plan.epochs),
    byEpoch: plan.unit === 'epoch',
    batchSize: plan.batchSize,
    indices: repeat(filtered, plan.repeatTimes),
    pipeline,
    buckets: inputBuckets(
      inputFrames([...input.steps, ...(input.mix?.steps ?? [])]) ?? [],
      padSizeDivisor,
    ),
    maxGts: roomForBoxes(dataset, filtered, images, isLearned),
    maxIgnores: looksAtIgnoredBoxes(config)
      ? roomForBoxes(dataset, filtered, images, isIgnored)
      : undefined,
    seed: hookOptions(config).seed ?? seed,
    notes: notes.filter((note) => note !== ''),
  };
}

const isLearned = (flag: number): boolean => (flag & (FLAG_IGNORE | FLAG_UNUSABLE)) === 0;
const isIgnored = (flag: number): boolean => (flag & FLAG_UNUSABLE) === 0 && !isLearned(flag);

/**
 * Largest number of boxes of a kind that a sample may hold, of `images` images mixed into one; rounded up to a multiple of
 * 8 so that similar datasets share shapes.
 */
function roomForBoxes(
  { annotations }: Dataset,
  indices: Uint32Array,
  images: number,
  isWanted: (flag: number) => boolean,
): number {
  const { offsets, flags } = annotations;
  // Images to mix in are drawn with replacement, so the fullest one may be all of them
  const most = indices.reduce((largest, index) => {
    const own = flags.subarray(offsets[index] ?? 0, offsets[index + 1] ?? 0);
    return Math.max(
      largest,
      own.reduce((count, flag) => count + (isWanted(flag) ? 1 : 0), 0),
    );
  }, 0);
  return Math.min(MOST_GTS, Math.max(1, Math.ceil((most * images) / 8)) * 8);
}

function repeat(indices: Uint32Array, times: number): Uint32Array {
  const repeated = new Uint32Array(indices.length * times);
  for (let i = 0; i < times; i++) repeated.set(indices, i * indices.length);
  return repeated;
}
