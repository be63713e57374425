import { nodeAt } from '../config/config-node.ts';
import type { MapNode } from '../config/config-node.ts';
import type { Dataset } from '../data/dataset.ts';
import { openData, openDataSource } from '../worker/data-session.ts';
import type { OpenData } from '../worker/data-session.ts';
import type { EngineSession } from '../worker/session.ts';
import type { Terminal } from './command.ts';
import { openPath, SAMPLE_SEED, SAMPLE_WORD } from './data-path.ts';
import { openOwnFolder, ownClasses, ownData } from './own-data.ts';
import { problemLines } from './problem-summary.ts';

export interface RunDataRequest {
  /** Merged config. */
  readonly root: MapNode;
  /** What `--data` says. */
  readonly path: string | undefined;
  /** Loaders of the config whose data counts without `--data`. */
  readonly loaders: readonly string[];
}

/**
 * Opens the data of a run: `--data`, else the config's own. What was opened and what is wrong with it is said.
 *
 * @returns the data, and `--cfg-options` that keep the class list of the config where the data is the config's own
 */
export async function openRunData(
  session: EngineSession,
  { root, path, loaders }: RunDataRequest,
  terminal: Terminal,
): Promise<{ readonly data: OpenData; readonly overrides: readonly string[] }> {
  const data =
    path === undefined
      ? await openOwn(session, root, loaders, terminal.cwd)
      : await openGiven(session, path, terminal.cwd);
  const { dataset, evidence } = data;
  terminal.say(`data: ${dataset.name}: ${evidence}`);
  for (const line of problemLines(dataset.problems)) terminal.say(line);
  const overrides = path === undefined ? classOverrides(root, loaders) : [];
  return { data, overrides };
}

async function openGiven(session: EngineSession, path: string, cwd: string): Promise<OpenData> {
  if (path === SAMPLE_WORD) return openSample(session);
  const { environment, emit } = session;
  return openDataSource(environment, await openPath(path, cwd), emit);
}

async function openOwn(
  session: EngineSession,
  root: MapNode,
  loaders: readonly string[],
  cwd: string,
): Promise<OpenData> {
  const own = ownData(root, loaders, cwd);
  if (own.kind === 'sample') return openSample(session);
  const { environment, emit } = session;
  return openDataSource(environment, await openOwnFolder(own, cwd), emit);
}

function openSample({ environment, emit }: EngineSession): Promise<OpenData> {
  return openData(environment, { kind: 'sample', seed: SAMPLE_SEED }, emit);
}

/** The config's own class list as an option, which unlike a file's list is not replaced by the data's. */
function classOverrides(root: MapNode, loaders: readonly string[]): readonly string[] {
  if (nodeAt(root, ['metainfo', 'classes'])?.place.file === '--cfg-options') return [];
  const classes = ownClasses(root, loaders);
  if (classes === undefined) return [];
  const quoted = classes.map((name) => (name.includes('"') ? `'${name}'` : `"${name}"`));
  return [`metainfo.classes=[${quoted.join(',')}]`];
}

/** `8 classes: apple, …`, the list cut after forty. */
export function classLine({ classes }: Pick<Dataset, 'classes'>): string {
  const shown = classes.slice(0, 40).join(', ');
  return `${classes.length} classes (num_classes=${classes.length}): ${shown}${classes.length > 40 ? ' …' : ''}`;
}
