import { existsSync, statSync } from 'node:fs';
import { normalize, resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { nodeAt, toPlain } from '../config/config-node.ts';
import type { ConfigPath, MapNode } from '../config/config-node.ts';
import { leafPathsOf } from '../config/dataset-paths.ts';
import type { FileSource, SourceFile } from '../data/file-source.ts';
import { directorySource } from '../data/sources/directory-source.node.ts';

/** Where `configs/_base_/datasets/sample_detection.yaml` says that an exported sample would be. */
const SAMPLE_ROOT = normalize('data/sample');

/** The data that a config itself names. */
export type OwnData =
  | { readonly kind: 'sample' }
  | {
      readonly kind: 'folder';
      readonly root: string;
      /** Label files and image lists relative to `root`, as the config has them. */
      readonly annFiles: readonly string[];
    };

/**
 * The data of the given loaders of a merged config, e.g. `['train_dataloader']`. The sample's folder stands for the built-in
 * sample where it is not on disk.
 *
 * @throws UserError when the config names no folder, or several
 */
export function ownData(root: MapNode, loaders: readonly string[], cwd: string): OwnData {
  const leaves = leafPathsOf(root, loaders);
  const roots = [...new Set(leaves.map((path) => normalize(textAt(root, [...path, 'data_root']))))];
  const [folder = '.'] = roots;
  if (roots.length > 1 || folder === '.') {
    throw new UserError({
      code: 'own-data-unclear',
      what:
        roots.length > 1
          ? `The config takes its data from several folders: ${roots.join(', ')}.`
          : 'The config does not say where its data is.',
      action: 'Give one folder with --data DIR.',
      place: { key: `${loaders[0] ?? ''}.dataset.data_root` },
    });
  }
  const bare = folder.replace(/[\\/]+$/, '');
  if (bare === SAMPLE_ROOT && !existsSync(resolve(cwd, bare))) return { kind: 'sample' };
  const annFiles = leaves.map((path) => textAt(root, [...path, 'ann_file']));
  return { kind: 'folder', root: bare, annFiles: annFiles.filter((path) => path !== '') };
}

/** Class names that the config's files give (at the top, or in the first data set of `loaders`), if they do. */
export function ownClasses(
  root: MapNode,
  loaders: readonly string[],
): readonly string[] | undefined {
  const [leaf = []] = leafPathsOf(root, loaders);
  for (const path of [[], leaf]) {
    const node = nodeAt(root, [...path, 'metainfo', 'classes']);
    const value = node === undefined ? undefined : toPlain(node);
    if (Array.isArray(value)) return value.map(String);
  }
  return undefined;
}

/**
 * Opens the folder of a config with only those label files and image lists that the config names, so that exactly its
 * split is used.
 *
 * @throws UserError when the folder or one of those files is not there
 */
export async function openOwnFolder(
  { root, annFiles }: Extract<OwnData, { readonly kind: 'folder' }>,
  cwd: string,
): Promise<FileSource> {
  const folder = resolve(cwd, root);
  for (const path of ['', ...annFiles]) {
    if (statSync(resolve(folder, path), { throwIfNoEntry: false }) !== undefined) continue;
    throw new UserError({
      code: 'own-data-missing',
      what: `The config’s own data is not there: ${path === '' ? root : `${root}/${path}`}.`,
      action: 'Give a dataset with --data DIR, or set data_root and ann_file with --cfg-options.',
      place: { file: path === '' ? root : `${root}/${path}` },
    });
  }
  const source = await directorySource(folder);
  return { ...source, files: source.files.filter((file) => isWanted(file, annFiles)) };
}

/** Whether a file belongs to the config's data: everything but label files and lists that it does not name. */
function isWanted({ path }: SourceFile, annFiles: readonly string[]): boolean {
  if (!/\.json$/i.test(path) && !/(^|\/)ImageSets\/.*\.txt$/i.test(path)) return true;
  // Wrapper folders were taken off the paths of the source.
  return annFiles.some((annFile) => `/${normalize(annFile)}`.endsWith(`/${path}`));
}

function textAt(root: MapNode, path: ConfigPath): string {
  const node = nodeAt(root, path);
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : '';
}
