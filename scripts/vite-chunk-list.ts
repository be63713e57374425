import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Plugin } from 'vite';
import { z } from 'zod';

/** One file of the build: what went into it and what it loads. */
export const CHUNK = z.object({
  file: z.string(),
  /** The bundle it belongs to: the page's, or a worker's. */
  bundle: z.enum(['app', 'worker']),
  isEntry: z.boolean(),
  /** Files loaded together with it. */
  imports: z.array(z.string()),
  /** Modules whose code is in it, relative to the root of the repository. */
  modules: z.array(z.string()),
});
export type Chunk = z.infer<typeof CHUNK>;

/** Where the list is written, relative to the build's folder. */
export const CHUNK_LIST = '.vite/chunks.json';

/**
 * Writes down which modules ended up in which file. Vite's own manifest knows neither modules nor worker bundles, and
 * the size check needs both to prove that tfjs stays out of the interface.
 */
export function chunkList(bundle: Chunk['bundle']): Plugin {
  let root = '';
  let folder = '';
  return {
    name: `anchorage:chunk-list-${bundle}`,
    apply: 'build',
    configResolved(config) {
      root = config.root;
      folder = join(config.root, config.build.outDir);
    },
    buildStart() {
      // The page's build starts first; those of its workers run inside it and add to the list.
      if (bundle === 'app') rmSync(listPath(root), { force: true });
    },
    generateBundle(_options, output) {
      const chunks = Object.values(output).flatMap((file): Chunk[] =>
        file.type !== 'chunk'
          ? []
          : [
              {
                file: file.fileName,
                bundle,
                isEntry: file.isEntry,
                imports: file.imports,
                modules: file.moduleIds.map((id) => relative(root, id).replaceAll('\\', '/')),
              },
            ],
      );
      const path = listPath(root);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, JSON.stringify([...readList(path), ...chunks]));
    },
    writeBundle() {
      if (bundle !== 'app') return;
      const path = join(folder, CHUNK_LIST);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, JSON.stringify(readList(listPath(root)), null, 1));
    },
  };
}

/** Reads a list written by {@link chunkList}; empty where there is none. */
export function readList(path: string): Chunk[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  return z.array(CHUNK).parse(JSON.parse(text));
}

/** Outside the build's folder, which Vite empties after the workers' bundles have been made. */
function listPath(root: string): string {
  return join(root, 'node_modules/.cache/anchorage-chunks.json');
}
