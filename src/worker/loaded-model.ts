import { detectorOptions } from '../config/resolved-model.ts';
import type { Config } from '../config/schema/config-schema.ts';
import { createDetector } from '../models/detectors/list.ts';
import type { Detector } from '../models/detectors/detector.ts';
import type { Ema } from '../train/ema.ts';

/** A model with what is needed to use it elsewhere: its config and class names. */
export interface LoadedModel {
  readonly model: Detector;
  readonly config: Config;
  readonly configText: string;
  readonly classes: readonly string[];
  /** Iterations it was trained for. */
  iter: number;
  /** While a run with a running average goes on: what is evaluated and saved instead of the weights. */
  ema: Ema | undefined;
}

/**
 * Calls `record` on the weights to be evaluated or saved: the running average where there is one. `record` must record
 * all its GPU work before it first waits, see {@link Ema.during}.
 */
export function onSavedWeights<T>({ ema }: LoadedModel, record: () => T): T {
  return ema === undefined ? record() : ema.during(record);
}

/** A model with fresh weights drawn from `seed`. */
export function createModel(
  { config, configText, classes }: Pick<LoadedModel, 'config' | 'configText' | 'classes'>,
  seed: number,
): LoadedModel {
  return {
    model: createDetector(detectorOptions(config), seed),
    config,
    configText,
    classes,
    iter: 0,
    ema: undefined,
  };
}
