import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { importTable } from './rooms.ts';

const ROOT = join(import.meta.dirname, '..');
const ARCHITECTURE = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');

function section(title: string): string {
  const text = ARCHITECTURE.split(/^## /m).find((part) => part.startsWith(title));
  if (text === undefined) throw new Error(`docs/architecture.md has no section "${title}"`);
  return text;
}

test('every path of the "Where is" table exists', () => {
  const paths = [
    ...section('Where is').matchAll(/`((?:src|scripts|e2e|configs|docs)\/[^`]+)`/g),
  ].map(([, path = '']) => path);
  expect(paths.length).toBeGreaterThan(10);
  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test('the import table is the one that the linter is held to', () => {
  expect(section('Who may import whom')).toContain(importTable());
});

test('every link between the documents leads somewhere', () => {
  const documents = [
    'README.md',
    'README.zh-CN.md',
    'CONTRIBUTING.md',
    'docs/architecture.md',
    'docs/performance.md',
    ...readdirSync(join(ROOT, 'docs/adr')).map((name) => `docs/adr/${name}`),
  ];
  const broken = documents.flatMap((document) => {
    const text = readFileSync(join(ROOT, document), 'utf8');
    return [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !existsSync(join(ROOT, dirname(document), target)))
      .map((target) => `${document} → ${target}`);
  });
  expect(broken).toEqual([]);
});
