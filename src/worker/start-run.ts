import type { Problem } from '../data/dataset.ts';
import { createBatchLoader } from '../data/loader/batch-loader.ts';
import { Ema } from '../train/ema.ts';
import { Optimizer } from '../train/optimizers/optimizer.ts';
import { TrainLoop } from '../train/train-loop.ts';
import type { OpenData } from './data-session.ts';
import type { EventSink } from './event-sink.ts';
import type { LoadedModel } from './loaded-model.ts';
import type { RunPlan } from './run-plan.ts';
import { TrainingRun } from './training-run.ts';

/** Bytes of resized images kept between epochs. */
const CACHE_BYTES = 512 * 2 ** 20;

/** Batches prepared ahead of the step. */
const PREFETCH = 2;

export interface RunParts {
  readonly id: string;
  readonly name: string;
  readonly plan: RunPlan;
  readonly data: OpenData;
  readonly loaded: LoadedModel;
  readonly emit: EventSink;
  /** Between two steps; may read. */
  readonly betweenSteps: (iter: number) => Promise<void>;
}

export interface StartedRun {
  readonly run: TrainingRun;
  /** Resolves when the run has ended, however it did, and its optimiser and loader are gone. */
  readonly ended: Promise<void>;
}

/** Builds loader, optimiser and loop, and starts the run. */
export function startRun({
  id,
  name,
  plan,
  data,
  loaded,
  emit,
  betweenSteps,
}: RunParts): StartedRun {
  const onProblem = (problem: Problem): void => {
    emit('problem', problem);
  };
  const loader = createBatchLoader({
    dataset: plan.dataset,
    indices: plan.indices,
    decoder: data.decoder,
    pipeline: plan.pipeline,
    batchSize: plan.batchSize,
    buckets: plan.buckets,
    maxGts: plan.maxGts,
    ...(plan.maxIgnores === undefined ? {} : { maxIgnores: plan.maxIgnores }),
    prefetch: PREFETCH,
    seed: plan.seed,
    cacheBytes: CACHE_BYTES,
    onProblem,
  });
  const optimizer = new Optimizer(loaded.model.parameters.trainable(), plan.optimizer);
  const ema = plan.ema === undefined ? undefined : new Ema(loaded.model.parameters, plan.ema);
  loaded.ema = ema;
  const run = new TrainingRun(
    { id, name },
    plan,
    ({ onRecords, onStep }) =>
      new TrainLoop({
        model: loaded.model,
        optimizer,
        nextBatch: () => loader.next(),
        nameOf: (index) => data.dataset.images[index]?.name ?? String(index),
        lrAt: plan.lrAt,
        maxIters: plan.maxIters,
        seed: plan.seed,
        onRecords,
        afterUpdate: (iter) => ema?.afterUpdate(iter),
        onStep: (iter) => {
          loaded.iter = iter;
          onStep(iter);
        },
        betweenSteps,
      }),
    emit,
  );
  for (const note of plan.notes) emit('log', { level: 'warning', line: note });
  const ended = run.run().finally(() => {
    loader.dispose();
    optimizer.dispose();
    // From now on the model is what its checkpoint is: the average.
    ema?.swap();
    ema?.dispose();
    loaded.ema = undefined;
  });
  return { run, ended };
}
