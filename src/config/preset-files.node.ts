import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConfigFiles } from './preset-files.ts';

/** The `configs` folder beside `src`. */
export const PRESET_FOLDER = fileURLToPath(new URL('../../configs', import.meta.url));

/**
 * The presets of a folder and, where `cwd` is given, files on disk: paths that are absolute or start with `./` or `../`,
 * relative to `cwd`. The two never mix, so that a folder named like a preset's does not change the preset.
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
      if (!isAbsolute(path) && !/^\.{1,2}\//.test(path)) {
        return known.has(path) ? readFileSync(join(presetFolder, path), 'utf8') : undefined;
      }
      if (cwd === undefined) return undefined;
      const file = resolve(cwd, path);
      const isFile = statSync(file, { throwIfNoEntry: false })?.isFile() === true;
      return isFile ? readFileSync(file, 'utf8') : undefined;
    },
    list: () => paths,
  };
}
