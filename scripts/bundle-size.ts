import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { readChunkList } from './vite-chunk-list.ts';
import type { Chunk } from './vite-chunk-list.ts';

/** Budgets in bytes after gzip; 1 kB is 1000 bytes. */
export const BUDGETS = { firstRoute: 180_000, engineWorker: 500_000 } as const;

const ENGINE_ENTRY = 'src/worker/engine.worker.ts';
const UI_ENTRY = 'src/main.tsx';
const TENSORFLOW = /(^|\/)node_modules\/@tensorflow\//;

/** Source that may be in the page's own bundle. Everything else belongs to the engine's worker. */
const UI_ROOMS = [
  'src/main.tsx',
  'src/app/',
  'src/base/',
  'src/boxes/',
  'src/worker/client.ts',
  'src/worker/port.ts',
  'src/worker/protocol.ts',
];

const MANIFEST = z.record(
  z.string(),
  z.object({ file: z.string(), css: z.array(z.string()).optional() }),
);

export interface SizeReport {
  /** Lines for people: each budget and what is used of it. */
  readonly lines: readonly string[];
  /** What is too large, or in the wrong place, or could not be judged; empty when all is well. */
  readonly problems: readonly string[];
}

/**
 * Checks a build against the budgets, and proves that the interface carries no tfjs and no engine code. That tfjs is
 * found in the engine's worker shows that the proof looks at the right files.
 *
 * @param folder the build, with Vite's manifest and our chunk list in `.vite/`
 */
export function checkBundle(folder: string): SizeReport {
  const chunks = readChunkList(folder);
  const page = chunks.filter(({ bundle }) => bundle === 'app');
  const workers = chunks.filter(({ bundle }) => bundle === 'worker');
  const entry = page.find(({ modules }) => modules.includes(UI_ENTRY));
  const engine = workers.find(({ modules, isEntry }) => isEntry && modules.includes(ENGINE_ENTRY));
  if (entry === undefined || engine === undefined) {
    const missing = [entry === undefined ? UI_ENTRY : '', engine === undefined ? ENGINE_ENTRY : ''];
    return {
      lines: [],
      problems: [`the build has no chunk with ${missing.filter(Boolean).join(' and ')}`],
    };
  }
  const manifest = MANIFEST.parse(
    JSON.parse(readFileSync(join(folder, '.vite/manifest.json'), 'utf8')),
  );
  const first = loadedWith(entry, page);
  const styles = Object.values(manifest)
    .filter(({ file }) => first.some((chunk) => chunk.file === file))
    .flatMap(({ css = [] }) => css);
  const budgets = [
    {
      name: 'first route (scripts and styles)',
      used: gzipped(folder, [...first.map(({ file }) => file), ...styles]),
      limit: BUDGETS.firstRoute,
    },
    {
      name: 'engine worker',
      used: gzipped(
        folder,
        loadedWith(engine, workers).map(({ file }) => file),
      ),
      limit: BUDGETS.engineWorker,
    },
  ];
  return {
    lines: budgets.map(({ name, used, limit }) => `${name}: ${kB(used)} of ${kB(limit)} gzipped`),
    problems: [
      ...budgets
        .filter(({ used, limit }) => used > limit)
        .map(
          ({ name, used, limit }) =>
            `${name} is ${kB(used)} gzipped, over its budget of ${kB(limit)}`,
        ),
      ...misplaced(page),
      ...(workers.some(({ modules }) => modules.some((id) => TENSORFLOW.test(id)))
        ? []
        : ['no tfjs was found in the workers either: the check is not looking at the right files']),
    ],
  };
}

function misplaced(page: readonly Chunk[]): readonly string[] {
  return page.flatMap(({ file, modules }) =>
    modules
      .filter(
        (id) =>
          TENSORFLOW.test(id) ||
          (id.startsWith('src/') &&
            !UI_ROOMS.some((room) => id === room || (room.endsWith('/') && id.startsWith(room)))),
      )
      .map((id) => `${id} is in the interface's bundle (${file})`),
  );
}

/** A chunk and all that the browser must load before it runs. */
function loadedWith(entry: Chunk, all: readonly Chunk[]): readonly Chunk[] {
  const loaded = new Set<Chunk>();
  const queue = [entry];
  for (let chunk = queue.pop(); chunk !== undefined; chunk = queue.pop()) {
    if (loaded.has(chunk)) continue;
    loaded.add(chunk);
    const { imports } = chunk;
    queue.push(...all.filter(({ file }) => imports.includes(file)));
  }
  return [...loaded];
}

function gzipped(folder: string, files: readonly string[]): number {
  return [...new Set(files)].reduce(
    (sum, file) => sum + gzipSync(readFileSync(join(folder, file)), { level: 9 }).length,
    0,
  );
}

function kB(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
