import { UserError } from '../base/errors.ts';
import { compareArrays, checkpointName, mismatchLines } from '../checkpoint/load-report.ts';
import { readModelCheckpoint, writeModelCheckpoint } from '../checkpoint/model-checkpoint.ts';
import type { ModelCheckpoint } from '../checkpoint/model-checkpoint.ts';
import type { NamedArray } from '../checkpoint/named-arrays.ts';
import { loadConfig } from '../config/load-config.ts';
import type { ConfigFiles } from '../config/preset-files.ts';
import type { Config } from '../config/schema/config-schema.ts';
import { withDataset } from '../config/with-dataset.ts';
import { readParameters, writeParameter } from '../models/parameter-io.ts';
import { createModel, onSavedWeights } from './loaded-model.ts';
import type { LoadedModel } from './loaded-model.ts';
import type { CheckpointInfo } from './protocol.ts';

/** Where a checkpoint comes from, for its metadata. */
export interface CheckpointOrigin {
  readonly epoch: number;
  readonly seed: number;
  readonly dataset: string;
}

/** Detectors as MMDetection writes them in the names of its files. */
const FILE_NAMES = { RetinaNet: 'retinanet', FasterRCNN: 'faster_rcnn', FCOS: 'fcos' } as const;

/** A model's weights, config and class names as .safetensors under MMDetection's key names. */
export async function saveModel(
  loaded: LoadedModel,
  origin: CheckpointOrigin,
): Promise<{ readonly fileName: string; readonly data: Uint8Array<ArrayBuffer> }> {
  const { model, config, configText, classes, iter } = loaded;
  const tensors = await onSavedWeights(loaded, () => readParameters(model.parameters));
  const arrays = tensors.flatMap(({ name, shape, data }): NamedArray[] => {
    const array: NamedArray = { name, shape, dtype: 'float32', data };
    if (!name.endsWith('.running_var')) return [array];
    // A FrozenBatchNorm2d, whose weight is a buffer too, counts nothing.
    const weight = model.parameters.get(name.replace(/running_var$/, 'weight'));
    if (weight?.role === 'buffer') return [array];
    // PyTorch's strict loading wants the counter that follows each batch norm's statistics.
    const counter = name.replace(/running_var$/, 'num_batches_tracked');
    return [
      array,
      { name: counter, shape: [], dtype: 'int64', data: BigInt64Array.of(BigInt(iter)) },
    ];
  });
  const data = writeModelCheckpoint({
    arrays,
    config: configText,
    classes,
    meta: { iter, ...origin },
  });
  const { type, backbone } = config.model;
  const name = `${FILE_NAMES[type]}_r${backbone.depth}_iter_${iter}`;
  return { fileName: `${name}.safetensors`, data };
}

/**
 * Reads a checkpoint and builds its model.
 *
 * @param fallback config for a file that carries none (weights from elsewhere)
 * @throws UserError when the file is broken, carries no config and none is given, or does not hold the model's weights
 */
export function loadModel(
  files: ConfigFiles,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  fallback?: {
    readonly config: Config;
    readonly configText: string;
    readonly classes: readonly string[];
  },
): { readonly loaded: LoadedModel; readonly info: CheckpointInfo } {
  const checkpoint = readModelCheckpoint(bytes, name);
  const own = fallback ?? configOf(files, name, checkpoint);
  const loaded = createModel(own, 0);
  try {
    const report = fill(loaded, checkpoint.arrays, name);
    loaded.iter = checkpoint.meta?.iter ?? 0;
    const info: CheckpointInfo = {
      name,
      classes: own.classes,
      iter: loaded.iter,
      tensors: checkpoint.arrays.length,
      bytes: bytes.byteLength,
      missing: report.missing,
      unexpected: report.unexpected,
      mismatched: mismatchLines(report),
      config: own.configText,
    };
    return { loaded, info };
  } catch (error) {
    loaded.model.dispose();
    throw error;
  }
}

function configOf(
  files: ConfigFiles,
  name: string,
  { config, classes }: ModelCheckpoint,
): Pick<LoadedModel, 'config' | 'configText' | 'classes'> {
  if (config === '') {
    throw new UserError({
      code: 'checkpoint-without-config',
      what: 'The checkpoint does not say which model it is.',
      why: 'It carries no config; it was not saved by Anchorage.',
      action: 'Give its config on the command line: test CONFIG CHECKPOINT.',
      place: { file: name },
    });
  }
  const own = loadConfig(files, { name: `${name} (config inside)`, text: config });
  const result = classes.length === 0 ? own : withDataset(own, { classes });
  const problem = result.problems.find(({ severity }) => severity === 'error');
  if (problem !== undefined) throw new UserError(problem);
  if (result.config === undefined) throw new Error('a config without errors and without values');
  return { config: result.config, configText: config, classes };
}

/** Writes the file's arrays into the model; a file that fits nowhere is refused. */
function fill(
  { model }: LoadedModel,
  arrays: readonly NamedArray[],
  file: string,
): ReturnType<typeof compareArrays> {
  const report = compareArrays(model.parameters.list(), arrays);
  if (report.loaded.length === 0) {
    throw new UserError({
      code: 'checkpoint-other-model',
      what: 'The checkpoint holds no tensor of this model.',
      why: `It has ${arrays.length} tensors, such as ${arrays[0]?.name ?? '(none)'}.`,
      action: 'Use a checkpoint of the same architecture.',
      place: { file },
    });
  }
  const byName = new Map(arrays.map((array) => [checkpointName(array.name), array]));
  for (const name of report.loaded) {
    const parameter = model.parameters.get(name);
    const data = byName.get(name)?.data;
    if (parameter === undefined) throw new Error(`no parameter ${name}`);
    if (!(data instanceof Float32Array)) {
      throw new UserError({
        code: 'checkpoint-dtype',
        what: `${name} is stored as ${byName.get(name)?.dtype ?? 'nothing'}.`,
        why: 'Weights are read as float32.',
        action: 'Convert the checkpoint to float32.',
        place: { file },
      });
    }
    writeParameter(parameter, data);
  }
  return report;
}
