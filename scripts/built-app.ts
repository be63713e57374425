import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';

const ROOT = join(import.meta.dirname, '..');

/** What the build is made from; everything else in the repository leaves it as it is. */
const SOURCES = [
  'src',
  'public',
  'configs',
  'index.html',
  'vite.config.ts',
  'package-lock.json',
  'tsconfig.base.json',
];

export const DIST = join(ROOT, 'dist');

/** Builds the app into dist/, unless it is newer than all that it is made from. */
export async function ensureBuilt(): Promise<void> {
  const built = statSync(join(DIST, '.vite/chunks.json'), { throwIfNoEntry: false });
  const changed = Math.max(...SOURCES.map((path) => newest(join(ROOT, path))));
  if (built !== undefined && built.mtimeMs > changed) return;
  console.log('Building the app …');
  await build({ root: ROOT, logLevel: 'warn' });
}

/** Modification time of the newest file at or below a path, in milliseconds; 0 where there is none. */
function newest(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  // A folder's own time changes when a file in it is removed.
  return readdirSync(path).reduce(
    (latest, name) => Math.max(latest, newest(join(path, name))),
    stats.mtimeMs,
  );
}
