import { detectorOptions } from '../config/resolved-model.ts';
import type { Config } from '../config/schema/config-schema.ts';
import { createDetector } from '../models/detectors/list.ts';
import type { Detector } from '../models/detectors/detector.ts';

/** A model with what is needed to use it elsewhere: its config and class names. */
export interface LoadedModel {
  readonly model: Detector;
  readonly config: Config;
  readonly configText: string;
  readonly classes: readonly string[];
  /** Iterations it was trained for. */
  iter: number;
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
  };
}
