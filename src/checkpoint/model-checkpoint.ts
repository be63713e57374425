import { z } from 'zod';
import { UserError } from '../base/errors.ts';
import type { NamedArray } from './named-arrays.ts';
import { readSafetensors } from './safetensors/read-safetensors.ts';
import { writeSafetensors } from './safetensors/write-safetensors.ts';

/**
 * A trained model as one safetensors file: weights under MMDetection's names in PyTorch's layout (OIHW), and what is needed
 * to use them again in the header's metadata.
 */

const CONFIG_KEY = 'anchorage.config';
const CLASSES_KEY = 'anchorage.classes';
const META_KEY = 'anchorage.meta';

const metaSchema = z.looseObject({
  /** Iterations done. */
  iter: z.int().min(0),
  /** Epochs done, not whole in iteration-based runs. */
  epoch: z.number().min(0),
  seed: z.int().min(0),
  /** Name of the data set it was trained on. */
  dataset: z.string(),
});

/** Where the training stood; further JSON-like keys are kept. */
export type CheckpointMeta = z.output<typeof metaSchema>;

export interface ModelCheckpoint {
  readonly arrays: readonly NamedArray[];
  /** The merged config as YAML; empty when a file from elsewhere has none. */
  readonly config: string;
  /** Class names in label order; empty when the file has none. */
  readonly classes: readonly string[];
  /** Absent in a file from elsewhere. */
  readonly meta?: CheckpointMeta;
}

/** Writes a checkpoint. Same model, same bytes. */
export function writeModelCheckpoint(checkpoint: ModelCheckpoint): Uint8Array<ArrayBuffer> {
  const { arrays, config, classes, meta } = checkpoint;
  return writeSafetensors(arrays, {
    // What PyTorch's and other readers look for to know the layout.
    format: 'pt',
    [CONFIG_KEY]: config,
    [CLASSES_KEY]: JSON.stringify(classes),
    ...(meta === undefined ? {} : { [META_KEY]: JSON.stringify(meta) }),
  });
}

/**
 * Reads a checkpoint, or any safetensors file (then without config, classes and meta). Throws a UserError naming `file`:
 * `safetensors-invalid` for a broken file, `checkpoint-metadata` for metadata that is not what this format writes.
 */
export function readModelCheckpoint(bytes: Uint8Array<ArrayBuffer>, file: string): ModelCheckpoint {
  const { arrays, metadata } = readSafetensors(bytes, file);
  const classes = parseJson(metadata, CLASSES_KEY, z.array(z.string()), file);
  const meta = parseJson(metadata, META_KEY, metaSchema, file);
  return {
    arrays,
    config: metadata[CONFIG_KEY] ?? '',
    classes: classes ?? [],
    ...(meta === undefined ? {} : { meta }),
  };
}

function parseJson<T>(
  metadata: Readonly<Record<string, string>>,
  key: string,
  schema: z.ZodType<T>,
  file: string,
): T | undefined {
  const text = metadata[key];
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new UserError(
      {
        code: 'checkpoint-metadata',
        what: `The metadata \`${key}\` of the checkpoint cannot be read.`,
        why: 'It was written by another program, or the file is damaged.',
        action: 'Use the checkpoint as it was saved.',
        place: { file, key },
      },
      { cause },
    );
  }
}
