import { repeatTimes } from './resolved-data.ts';
import type { Config } from './schema/config-schema.ts';

export interface TrainPlan {
  readonly unit: 'epoch' | 'iter';
  /** Iterations of the whole run; 0 when there are no images. */
  readonly iterations: number;
  /** Epochs of the whole run; for iteration-based runs rounds over the data, not whole. */
  readonly epochs: number;
  /** Iterations per epoch. */
  readonly itersPerEpoch: number;
  readonly batchSize: number;
  /** How often the data set counts in an epoch. */
  readonly repeatTimes: number;
  /** Evaluate every so many epochs or iterations, by `unit`. */
  readonly valInterval: number;
  readonly valBegin: number;
  /** How the iterations come about, e.g. `12 epochs × 64 iterations`. */
  readonly explanation: string;
}

/** How long a run lasts on `datasetSize` training images (after filtering, before repetition). */
export function resolveTrainPlan(config: Config, datasetSize: number): TrainPlan {
  const { train_cfg: loop, train_dataloader: loader } = config;
  const times = repeatTimes(loader.dataset);
  const batches = (datasetSize * times) / loader.batch_size;
  const dropLast = loader.drop_last || loader.batch_sampler?.drop_last === true;
  const itersPerEpoch = dropLast ? Math.floor(batches) : Math.ceil(batches);
  const shared = {
    itersPerEpoch,
    batchSize: loader.batch_size,
    repeatTimes: times,
    valInterval: loop.val_interval,
    valBegin: loop.val_begin,
  };
  if (loop.type === 'IterBasedTrainLoop') {
    const epochs = itersPerEpoch === 0 ? 0 : loop.max_iters / itersPerEpoch;
    const iterations = itersPerEpoch === 0 ? 0 : loop.max_iters;
    const explanation = `${loop.max_iters} iterations of ${loader.batch_size} images`;
    return { unit: 'iter', iterations, epochs, ...shared, explanation };
  }
  const iterations = loop.max_epochs * itersPerEpoch;
  const repeated = times === 1 ? '' : ` (the data counts ${times} times)`;
  const explanation = `${loop.max_epochs} epochs × ${itersPerEpoch} iterations${repeated}`;
  return { unit: 'epoch', iterations, epochs: loop.max_epochs, ...shared, explanation };
}
