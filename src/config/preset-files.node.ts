import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConfigFiles } from './preset-files.ts';

/** The `configs` folder beside `src`. */
export const PRESET_FOLDER = fileURLToPath(new URL('../../configs', import.meta.url));

/**
 * The presets of a folder and, where `cwd` is given, files on disk: a path is first looked for relative to `cwd` (or
 * absolutely), then among the presets.
 */
export function nodeConfigFiles(presetFolder: string = PRESET_FOLDER, cwd?: string): ConfigFiles {
  const paths = existsSync(presetFolder)
    ? readdirSync(presetFolder, { recursive: true, encoding: 'utf8' })
        .map((path) => path.replaceAll('\\', '/'))
        .filter((path) => /\.ya?ml$/.test(path))
        .sort()
    : [];
  const known = new Set(paths);
  return {
    read: (path) => {
      if (cwd !== undefined) {
        const onDisk = resolve(cwd, path);
        if (statSync(onDisk, { throwIfNoEntry: false })?.isFile() === true) {
          return readFileSync(onDisk, 'utf8');
        }
      }
      return known.has(path) ? readFileSync(join(presetFolder, path), 'utf8') : undefined;
    },
    list: () => paths,
  };
}
