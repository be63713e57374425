import { UserError } from '../base/errors.ts';
import { readModelCheckpoint } from '../checkpoint/model-checkpoint.ts';
import { numClasses } from '../config/resolved-model.ts';
import { withDataset } from '../config/with-dataset.ts';
import type { EngineSession } from '../worker/session.ts';
import type { Terminal } from './command.ts';
import { readUserFile } from './read-file.ts';
import { readConfig, requireUsable } from './usable-config.ts';

export interface CheckpointRequest {
  readonly config: string;
  readonly checkpoint: string;
  readonly overrides: readonly string[];
  /** Class names for weights from elsewhere, which carry none; else the config's, else numbers. */
  readonly classes?: readonly string[];
}

/**
 * Makes a checkpoint the session's model, built by the config that the user named. Class names are the checkpoint's.
 *
 * @returns the class names in label order
 * @throws UserError when weights are missing or have other shapes: such a model would detect nothing, silently
 */
export async function loadCheckpoint(
  session: EngineSession,
  { config, checkpoint, overrides, classes }: CheckpointRequest,
  terminal: Terminal,
): Promise<readonly string[]> {
  const bytes = await readUserFile(checkpoint, terminal.cwd);
  const stored = readModelCheckpoint(bytes, checkpoint).classes;
  const read = readConfig(config, overrides, terminal);
  const names = stored.length > 0 ? stored : (classes ?? read.config?.metainfo?.classes);
  const result = names === undefined ? read : withDataset(read, { classes: names });
  const usable = requireUsable(result, terminal);
  const own = usable.config.metainfo?.classes ?? numbers(numClasses(usable.config));
  const info = await session.load(checkpoint, bytes, {
    config: usable.config,
    configText: usable.mergedYaml,
    classes: own,
  });
  const { missing, mismatched, unexpected } = info;
  const [first] = [...mismatched, ...missing];
  if (first !== undefined) {
    throw new UserError({
      code: 'checkpoint-incomplete',
      what: `The checkpoint is not of this config: ${missing.length} tensors are missing and ${mismatched.length} have another shape.`,
      why: `The first: ${first}.`,
      action: 'Give the config that it was trained with.',
      place: { file: checkpoint },
    });
  }
  terminal.say(
    `checkpoint: ${checkpoint}, ${info.tensors} tensors, ${info.iter} iterations, ${own.length} classes: ${own.slice(0, 40).join(', ')}`,
  );
  if (unexpected.length > 0) {
    terminal.say(
      `warning: ${unexpected.length} tensors of the checkpoint are not of this model and were left out, such as ${unexpected[0] ?? ''}`,
    );
  }
  return own;
}

/** Names for classes that have none. */
function numbers(count: number): readonly string[] {
  return Array.from({ length: count }, (_, label) => String(label));
}
