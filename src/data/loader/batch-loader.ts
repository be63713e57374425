import { UserError } from '../../base/errors.ts';
import { rng } from '../../base/rng.ts';
import type { Dataset, ImageDecoder, Problem } from '../dataset.ts';
import {
  AUGMENT_STREAM,
  REDRAW_STREAM,
  createBatchSampler,
  type BatchPosition,
  type PlannedBatch,
} from './batch-sampler.ts';
import { collate, type Batch } from './batch.ts';
import type { InputSize } from './bucket.ts';
import type { Pipeline } from './pipeline.ts';
import { SampleLoader } from './sample-loader.ts';
import type { TrainSample } from './sample.ts';

export interface BatchLoaderOptions {
  readonly dataset: Dataset;
  /** Dataset indices to draw from, e.g. of `filterForTraining`. */
  readonly indices: ArrayLike<number>;
  readonly decoder: ImageDecoder;
  readonly pipeline: Pipeline;
  readonly batchSize: number;
  /** Padded sizes to choose from; empty for the exact size of each batch. */
  readonly buckets: readonly InputSize[];
  /** Room for ground truths per image. */
  readonly maxGts: number;
  /** Room for boxes to ignore per image; they are left out of batches when absent. */
  readonly maxIgnores?: number;
  /** Batches that are prepared ahead; at least 1. */
  readonly prefetch: number;
  readonly seed: number;
  readonly onProblem?: (problem: Problem) => void;
  /** Bytes of resized images that may be kept between epochs. */
  readonly cacheBytes: number;
  /** Where to go on, from {@link BatchLoader.position}; the beginning when absent. */
  readonly start?: BatchPosition;
}

/** A batch and where it stands in the sequence. */
export interface LoadedBatch extends Batch {
  readonly position: BatchPosition;
}

/** An endless sequence of training batches. */
export interface BatchLoader {
  readonly batchesPerEpoch: number;
  /** The next batch that `next` will give: store it to go on from here. */
  readonly position: BatchPosition;
  /** The next batch. Rejects with UserError `no-readable-image` when not one image can be read. */
  next(): Promise<LoadedBatch>;
  dispose(): void;
}

function nothingReadable(dataset: Dataset, count: number): UserError {
  return new UserError({
    code: 'no-readable-image',
    what: `None of the ${count} images can be read.`,
    why: 'All of them are missing, damaged or too large.',
    action: 'See the problems of the data set.',
    place: { file: dataset.name },
  });
}

function allDropped(dataset: Dataset): UserError {
  return new UserError({
    code: 'pipeline-drops-all',
    what: `The training pipeline dropped ${MAX_DROPPED} images in a row.`,
    why: 'A RandomCrop found no boxes in its crops, or a FilterAnnotations left none.',
    action: 'Let RandomCrop allow_negative_crop, or filter less.',
    place: { file: dataset.name, key: 'train_dataloader.dataset.pipeline' },
  });
}

function reportOnce(
  dataset: Dataset,
  onProblem: ((problem: Problem) => void) | undefined,
): (problem: Problem, imageIndex: number) => void {
  const told = new Set<string>();
  return (problem, imageIndex) => {
    const key = `${imageIndex} ${problem.code}`;
    if (told.has(key)) return;
    told.add(key);
    onProblem?.({ ...problem, file: dataset.images[imageIndex]?.path ?? '' });
  };
}

/** Images that a pipeline may drop in a row (MMDetection's max_refetch). */
const MAX_DROPPED = 1000;

/**
 * Loads training batches ahead of their use. What a batch holds depends only on seed and position: not on how far
 * ahead it was loaded, in which order images were decoded or what the cache held. An image that cannot be read is
 * reported once and its place taken by the next index of the list that can; one that the pipeline drops, by another drawn
 * at random.
 */
export function createBatchLoader(options: BatchLoaderOptions): BatchLoader {
  const { dataset, seed, pipeline } = options;
  const sampler = createBatchSampler({
    dataset,
    indices: options.indices,
    batchSize: options.batchSize,
    seed,
    shuffle: true,
  });
  const samples = new SampleLoader(options);
  const order = Array.from(options.indices);
  const placeOf = new Map(order.map((index, place) => [index, place]));
  const collateOptions = {
    maxGts: options.maxGts,
    maxIgnores: options.maxIgnores,
    buckets: options.buckets,
    padSizeDivisor: pipeline.padSizeDivisor,
    onProblem: reportOnce(dataset, options.onProblem),
  };

  const loadOrAnother = async (
    wanted: number,
    position: BatchPosition,
    slot: number,
  ): Promise<TrainSample> => {
    const at = [position.epoch, position.batch, slot];
    let candidate = wanted;
    let unreadable = 0;
    for (let dropped = 0; dropped < MAX_DROPPED;) {
      const counters = [AUGMENT_STREAM, ...at, dropped, candidate];
      const sample = await samples.load(candidate, { seed, counters });
      if (sample === 'dropped') {
        dropped += 1;
        const another = rng(seed, REDRAW_STREAM, ...at, dropped).int(0, order.length);
        candidate = order[another] ?? wanted;
      } else if (sample === 'unreadable') {
        unreadable += 1;
        if (unreadable >= order.length) throw nothingReadable(dataset, order.length);
        const place = (placeOf.get(candidate) ?? 0) + 1;
        candidate = order[place % order.length] ?? wanted;
      } else return sample;
    }
    throw allDropped(dataset);
  };
  const load = async (planned: PlannedBatch): Promise<LoadedBatch> => {
    const { epoch, batch } = planned;
    const loaded = await Promise.all(
      planned.indices.map((index, slot) => loadOrAnother(index, planned, slot)),
    );
    return { ...collate(loaded, collateOptions), position: { epoch, batch } };
  };

  let position: BatchPosition = options.start ?? { epoch: 0, batch: 0 };
  let ahead: BatchPosition = position;
  const queue: Promise<LoadedBatch>[] = [];
  let disposed = false;
  const fill = (): void => {
    while (!disposed && queue.length < Math.max(1, options.prefetch)) {
      const planned = sampler.at(ahead);
      ahead = sampler.after({ epoch: planned.epoch, batch: planned.batch });
      const loading = load(planned);
      // Its rejection is for whoever takes it from the queue, not for the process
      loading.catch(() => undefined);
      queue.push(loading);
    }
  };
  fill();
  return {
    batchesPerEpoch: sampler.batchesPerEpoch,
    get position() {
      return position;
    },
    next: async () => {
      fill();
      const taken = queue.shift();
      if (taken === undefined) throw new Error('The batch loader was disposed.');
      const batch = await taken;
      position = sampler.after(batch.position);
      fill();
      return batch;
    },
    dispose: () => {
      disposed = true;
      queue.length = 0;
      samples.dispose();
    },
  };
}

/** Options of {@link evalBatches}: as for training, without what shuffles or repeats. */
export type EvalBatchOptions = Omit<BatchLoaderOptions, 'start' | 'cacheBytes' | 'seed'>;

/**
 * Each image once, in list order, for evaluation and prediction; `prefetch` batches are prepared ahead. Images that
 * cannot be read are left out, each with a Problem: `metas` tells which images a batch holds. A batch is never empty.
 */
export async function* evalBatches(
  options: EvalBatchOptions,
): AsyncGenerator<Batch, void, undefined> {
  const { dataset, pipeline, batchSize } = options;
  const samples = new SampleLoader({ ...options, cacheBytes: 0 });
  const collateOptions = {
    maxGts: options.maxGts,
    maxIgnores: options.maxIgnores,
    buckets: options.buckets,
    padSizeDivisor: pipeline.padSizeDivisor,
    onProblem: reportOnce(dataset, options.onProblem),
  };
  const order = Array.from(options.indices);
  const numBatches = Math.ceil(order.length / batchSize);
  const load = async (batch: number): Promise<Batch | undefined> => {
    const wanted = order.slice(batch * batchSize, (batch + 1) * batchSize);
    const loaded = await Promise.all(
      wanted.map((index) => samples.load(index, { seed: 0, counters: [AUGMENT_STREAM, index] })),
    );
    const readable = loaded.filter((sample) => typeof sample !== 'string');
    return readable.length === 0 ? undefined : collate(readable, collateOptions);
  };
  const queue: Promise<Batch | undefined>[] = [];
  try {
    for (let next = 0, taken = 0; taken < numBatches; taken++) {
      for (; next < numBatches && queue.length < Math.max(1, options.prefetch); next++) {
        const loading = load(next);
        loading.catch(() => undefined);
        queue.push(loading);
      }
      const batch = await queue.shift();
      if (batch !== undefined) yield batch;
    }
  } finally {
    samples.dispose();
  }
}
