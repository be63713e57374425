/** Names of the files in an exported data set: kept as they are where that is possible, always distinct and safe. */
import type { ImageEntry } from '../dataset.ts';
import { extensionOf, folderOf, safePath, stemOf } from '../sources/source-paths.ts';

/** Distinct names in order: a name that was taken gets `_2`, `_3` … before its extension, letter case ignored. */
function distinct(names: readonly { readonly stem: string; readonly ending: string }[]): string[] {
  const taken = new Set<string>();
  return names.map(({ stem, ending }) => {
    let name = stem + ending;
    for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${stem}_${n}${ending}`;
    taken.add(name.toLowerCase());
    return name;
  });
}

function ending(path: string): string {
  const extension = extensionOf(path);
  return extension === '' ? '' : `.${extension}`;
}

/** The deepest folder that holds all paths, with its last slash, or `''`. */
function sharedFolder(paths: readonly string[]): string {
  let folder = folderOf(paths[0] ?? '');
  for (const path of paths) {
    while (!path.startsWith(folder)) folder = folderOf(folder.slice(0, -1));
  }
  return folder;
}

/**
 * COCO file names, below `images/`, one for each image: its path without the folders that all share; for an image that
 * has no file the name by the label file.
 */
export function cocoFileNames(images: readonly ImageEntry[]): string[] {
  const root = sharedFolder(images.flatMap(({ path }) => (path === '' ? [] : [path])));
  const names = images.map(({ path, name, index }) => {
    const wanted = path === '' ? name : path.slice(root.length);
    const safe = safePath(wanted) ?? `image_${index}`;
    const end = ending(safe);
    return { stem: end === '' ? safe : safe.slice(0, -end.length), ending: end };
  });
  return distinct(names);
}

/**
 * VOC stems, distinct, one for each image: the name by the label file without folders' slashes and extension. Names that
 * only differ in their extension get a number, since VOC tells images apart by stem.
 */
export function vocStems(images: readonly ImageEntry[]): string[] {
  const names = images.map(({ path, name, index }) => {
    // A VOC name has no extension to lose; a COCO file_name has that of its file.
    const end = ending(path === '' ? '' : path);
    const bare = end !== '' && name.toLowerCase().endsWith(end) ? name.slice(0, -end.length) : name;
    const safe = safePath(bare) ?? stemOf(path);
    return { stem: safe.replaceAll('/', '_') || `image_${index}`, ending: '' };
  });
  return distinct(names);
}
