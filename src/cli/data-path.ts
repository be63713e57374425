import { resolve } from 'node:path';
import type { FileSource } from '../data/file-source.ts';
import { directorySource } from '../data/sources/directory-source.node.ts';

/** The word that stands for the built-in sample where a folder is expected; a folder of that name is `./sample`. */
export const SAMPLE_WORD = 'sample';

/** Seed of the built-in sample, as the app opens it. */
export const SAMPLE_SEED = 0;

/** A folder or .zip as the user names it. Rejects with a UserError when it is not there. */
export function openPath(path: string, cwd: string): Promise<FileSource> {
  return directorySource(resolve(cwd, path));
}
