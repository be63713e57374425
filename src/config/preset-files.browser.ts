import type { ConfigFiles } from './preset-files.ts';

const PREFIX = '../../configs/';

const texts: Record<string, string> = import.meta.glob<string>('../../configs/**/*.yaml', {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** The presets as the bundler put them into the worker. */
export function bundledConfigFiles(): ConfigFiles {
  const byPath = new Map(
    Object.entries(texts).map(([path, text]) => [path.slice(PREFIX.length), text]),
  );
  const paths = [...byPath.keys()].sort();
  return { read: (path) => byPath.get(path), list: () => paths };
}
