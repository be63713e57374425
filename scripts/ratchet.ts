import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '..');
const LIMITS_FILE = join(ROOT, 'scripts/ratchet.json');
const LONG_FILE_LINES = 300;

/** What is tolerated but must not grow, and how it is counted in one file. */
const COUNTERS: Readonly<Record<string, (text: string) => number>> = {
  suppressions: (text) =>
    count(text, /(?:oxlint|eslint)-disable|@ts-(?:expect-error|ignore|nocheck)/g),
  todos: (text) => count(text, /\b(?:TODO|FIXME|XXX|HACK)\b/g),
  skippedTests: (text) =>
    count(text, /\b(?:test|it|describe|suite)\.(?:skip|todo|fixme|only|fails)\b/g),
  longFiles: (text) => (text.split('\n').length > LONG_FILE_LINES ? 1 : 0),
};

const LIMITS = z.record(z.string(), z.number().int().nonnegative());

/** Counts every tolerated thing over the given files; `where` lists the files of each, most first. */
export function countDebt(
  files: Readonly<Record<string, string>>,
): Readonly<Record<string, { readonly total: number; readonly where: readonly string[] }>> {
  return Object.fromEntries(
    Object.entries(COUNTERS).map(([name, counter]) => {
      const counts = Object.entries(files)
        .map(([file, text]) => ({ file, found: counter(text) }))
        .filter(({ found }) => found > 0)
        .sort((a, b) => b.found - a.found);
      return [
        name,
        {
          total: counts.reduce((sum, { found }) => sum + found, 0),
          where: counts.map(({ file, found }) => `${file} (${found})`),
        },
      ];
    }),
  );
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

function sources(): Readonly<Record<string, string>> {
  const files = ['src', 'e2e', 'scripts'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
      .filter((path) => /\.(ts|tsx|mjs|css)$/.test(path) && !isExempt(path)),
  );
  return Object.fromEntries(files.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}

/** Planted faults, and this counter, which must name what it counts. */
function isExempt(path: string): boolean {
  return path.startsWith('scripts/canary') || path.startsWith('scripts/ratchet');
}

function main(): void {
  const debt = countDebt(sources());
  if (process.argv.includes('--update')) {
    const limits = Object.fromEntries(
      Object.entries(debt).map(([name, { total }]) => [name, total]),
    );
    writeFileSync(LIMITS_FILE, `${JSON.stringify(limits, null, 2)}\n`);
  }
  const limits = LIMITS.parse(JSON.parse(readFileSync(LIMITS_FILE, 'utf8')));
  for (const [name, { total, where }] of Object.entries(debt)) {
    const limit = limits[name] ?? 0;
    console.log(`${name}: ${total} (at most ${limit})`);
    if (total > limit) {
      console.error(`FAILED  ${name} went up from ${limit} to ${total}: ${where.join(', ')}`);
      process.exitCode = 1;
    } else if (total < limit) {
      console.log(
        `        went down: please run \`npx tsx scripts/ratchet.ts --update\` and commit it`,
      );
    }
  }
}

if (process.argv[1] === import.meta.filename) main();
