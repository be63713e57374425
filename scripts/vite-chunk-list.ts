import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Plugin } from 'vite';
import { z } from 'zod';

/** One file of the build: what went into it and what it loads. */
const CHUNK = z.object({
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
const CHUNK_LIST = '.vite/chunks.json';

/**
 * Writes down which modules ended up in which file. Vite's own manifest knows neither modules nor worker bundles, and
 * the size check needs both to prove that tfjs stays out of the interface.
 *
 * @returns the plugin for the page's build, and the one for the builds of its workers, which run inside the former
 */
export function chunkLists(): { readonly page: Plugin; readonly worker: Plugin } {
  const list: Chunk[] = [];
  let root = '';
  let folder = '';
  const collect =
    (bundle: Chunk['bundle']): NonNullable<Plugin['generateBundle']> =>
    (_options, output) => {
      for (const file of Object.values(output)) {
        if (file.type !== 'chunk') continue;
        list.push({
          file: file.fileName,
          bundle,
          isEntry: file.isEntry,
          imports: file.imports,
          modules: file.moduleIds.map((id) => relative(root, id).replaceAll('\\', '/')),
        });
      }
    };
  return {
    page: {
      name: 'anchorage:chunk-list',
      apply: 'build',
      configResolved(config) {
        root = config.root;
        folder = join(config.root, config.build.outDir);
      },
      buildStart() {
        list.length = 0;
      },
      generateBundle: collect('app'),
      writeBundle() {
        const path = join(folder, CHUNK_LIST);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, JSON.stringify(list, null, 1));
      },
    },
    worker: { name: 'anchorage:chunk-list-worker', generateBundle: collect('worker') },
  };
}

/** Reads the list of a build; empty where there is none. */
export function readChunkList(folder: string): readonly Chunk[] {
  const path = join(folder, CHUNK_LIST);
  return existsSync(path) ? z.array(CHUNK).parse(JSON.parse(readFileSync(path, 'utf8'))) : [];
}
