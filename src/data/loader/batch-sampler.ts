import { rng } from '../../base/rng.ts';
import type { Dataset } from '../dataset.ts';

/** Stream numbers of `rng(seed, stream, …)`, so that shuffling and augmentation never share numbers. */
const SHUFFLE_STREAM = 1;
export const AUGMENT_STREAM = 2;
export const REDRAW_STREAM = 3;

/** MMDetection's filter_cfg of a training set. */
export interface TrainingFilter {
  /** Drop images without any annotation of the chosen classes (ignored ones count as annotations). */
  readonly filterEmptyGt: boolean;
  /** Drop images whose shorter side is below this many pixels. */
  readonly minSize: number;
}

const DEFAULT_TRAINING_FILTER: TrainingFilter = { filterEmptyGt: true, minSize: 32 };

/** The images of `indices` that training uses, in the same order. Images of unknown size (0) pass the size test. */
export function filterForTraining(
  dataset: Dataset,
  indices: ArrayLike<number>,
  filter: TrainingFilter = DEFAULT_TRAINING_FILTER,
): Uint32Array {
  const { offsets } = dataset.annotations;
  return Uint32Array.from(indices).filter((index) => {
    const image = dataset.images[index];
    if (image === undefined || image.missing) return false;
    if (filter.filterEmptyGt && (offsets[index] ?? 0) === (offsets[index + 1] ?? 0)) return false;
    return (
      image.width === 0 ||
      image.height === 0 ||
      Math.min(image.width, image.height) >= filter.minSize
    );
  });
}

/** Where an endless sequence of batches stands: the next batch to come. Plain data, to be stored in a checkpoint. */
export interface BatchPosition {
  readonly epoch: number;
  readonly batch: number;
}

/** One batch to load: dataset indices, and where it stands. */
export interface PlannedBatch extends BatchPosition {
  readonly indices: readonly number[];
}

export interface BatchSamplerOptions {
  /** Dataset indices, e.g. of {@link filterForTraining}. */
  readonly indices: ArrayLike<number>;
  readonly dataset: Dataset;
  readonly batchSize: number;
  readonly seed: number;
  /** A new permutation per epoch; false keeps the order. */
  readonly shuffle: boolean;
}

export interface BatchSampler {
  readonly batchesPerEpoch: number;
  /** The batches of an epoch (0-based). The same seed and epoch give the same batches. */
  epoch(epoch: number): readonly PlannedBatch[];
  /** The batch at a position; positions past the end of an epoch run into the next one. */
  at(position: BatchPosition): PlannedBatch;
  /** The position after `position`. */
  after(position: BatchPosition): BatchPosition;
}

/** MMDetection's AspectRatioBatchSampler: portrait (width < height) and the rest fill batches apart; leftovers are joined. */
function groupByAspect(
  order: readonly number[],
  isPortrait: (index: number) => boolean,
  batchSize: number,
): number[][] {
  const batches: number[][] = [];
  const buckets: [number[], number[]] = [[], []];
  for (const index of order) {
    const bucket = buckets[isPortrait(index) ? 0 : 1];
    bucket.push(index);
    if (bucket.length === batchSize) batches.push(bucket.splice(0));
  }
  const left = [...buckets[0], ...buckets[1]];
  while (left.length > 0) batches.push(left.splice(0, batchSize));
  return batches;
}

/**
 * DefaultSampler (a permutation per epoch from the seed) with AspectRatioBatchSampler, as MMDetection 3.x trains. No
 * image is left out: the last batch of an epoch may be smaller. The permutation is not torch's, its rule is.
 * Throws RangeError for an empty list or a batch size below 1.
 */
export function createBatchSampler(options: BatchSamplerOptions): BatchSampler {
  const { dataset, batchSize, seed, shuffle } = options;
  const indices = Array.from(options.indices);
  if (indices.length === 0) throw new RangeError('createBatchSampler: no images');
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new RangeError(
      `createBatchSampler: batchSize must be a whole number from 1, got ${batchSize}`,
    );
  const isPortrait = (index: number): boolean => {
    const image = dataset.images[index];
    return image !== undefined && image.width < image.height;
  };
  const batchesPerEpoch = Math.ceil(indices.length / batchSize);
  let cached: { epoch: number; batches: readonly PlannedBatch[] } | undefined;
  const epochOf = (epoch: number): readonly PlannedBatch[] => {
    if (cached?.epoch === epoch) return cached.batches;
    const order = shuffle ? rng(seed, SHUFFLE_STREAM, epoch).shuffle(indices) : indices;
    const batches = groupByAspect(order, isPortrait, batchSize).map(
      (members, batch): PlannedBatch => ({ epoch, batch, indices: members }),
    );
    cached = { epoch, batches };
    return batches;
  };
  return {
    batchesPerEpoch,
    epoch: epochOf,
    at: ({ epoch, batch }) => {
      const wrapped = {
        epoch: epoch + Math.floor(batch / batchesPerEpoch),
        batch: batch % batchesPerEpoch,
      };
      const found = epochOf(wrapped.epoch)[wrapped.batch];
      if (found === undefined)
        throw new RangeError(`batch sampler: no batch ${batch} in epoch ${epoch}`);
      return found;
    },
    after: ({ epoch, batch }) =>
      batch + 1 < batchesPerEpoch ? { epoch, batch: batch + 1 } : { epoch: epoch + 1, batch: 0 },
  };
}
