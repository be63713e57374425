import { formatError, UserError } from '../base/errors.ts';
import type { ErrorDetails } from '../base/errors.ts';
import { loadConfig } from '../config/load-config.ts';
import type { ConfigResult } from '../config/load-config.ts';
import { nodeConfigFiles, PRESET_FOLDER } from '../config/preset-files.node.ts';
import type { MapNode } from '../config/config-node.ts';
import type { Config } from '../config/schema/config-schema.ts';
import type { Terminal } from './command.ts';

/** A config without errors. */
export type UsableConfig = ConfigResult & { readonly config: Config; readonly root: MapNode };

/** Reads a config by path or preset name, with its problems. */
export function readConfig(
  name: string,
  overrides: readonly string[],
  { cwd }: Terminal,
): ConfigResult {
  return loadConfig(nodeConfigFiles(PRESET_FOLDER, cwd), name, overrides);
}

/**
 * The config if it can be used; its warnings are said.
 *
 * @throws UserError the first error; the others are said before it
 */
export function requireUsable(result: ConfigResult, { say }: Terminal): UsableConfig {
  sayWarnings(result.problems, say);
  const [first, ...others] = result.problems.filter(({ severity }) => severity === 'error');
  if (first !== undefined) {
    for (const other of others) say(`error: ${formatError(other)}`);
    throw new UserError(first);
  }
  const { config, root } = result;
  if (config === undefined || root === undefined) {
    throw new Error('a config without errors and without values');
  }
  return { ...result, config, root };
}

/** The merged tree, also of a config that is not complete without its data. Throws when it could not be read. */
export function requireTree(result: ConfigResult, terminal: Terminal): MapNode {
  return result.root ?? requireUsable(result, terminal).root;
}

/** Says those problems of a config that are no errors. */
export function sayWarnings(
  problems: readonly (ErrorDetails & { readonly severity?: string })[],
  say: Terminal['say'],
): void {
  for (const problem of problems) {
    if (problem.severity === 'warning') say(`warning: ${formatError(problem)}`);
  }
}
