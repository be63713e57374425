import { modelOptions } from '../config/resolved.ts';
import type { Config } from '../config/schema/config-schema.ts';
import { RetinaNet } from '../models/detectors/retinanet.ts';
import { retinaNetOptions } from './engine-options.ts';

/** A model with what is needed to use it elsewhere: its config and class names. */
export interface LoadedModel {
  readonly model: RetinaNet;
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
    model: new RetinaNet(retinaNetOptions(modelOptions(config)), seed),
    config,
    configText,
    classes,
    iter: 0,
  };
}
