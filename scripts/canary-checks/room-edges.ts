import { dirname, relative } from 'node:path/posix';
import { EXTRA_TARGETS, ROOMS, mayImport } from '../rooms.ts';
import type { Room } from '../rooms.ts';
import { compareFindings, lint, lintWorkspace } from './lint.ts';
import type { Finding } from './lint.ts';
import type { CanaryResult } from './workspace.ts';

const RULE = 'boundaries(dependencies)';

/** The five ways to reach another file, and whether each needs a value edge or only a type edge. */
const FORMS: readonly {
  readonly kind: 'value' | 'type';
  readonly text: (from: string, n: number) => string;
}[] = [
  { kind: 'value', text: (from, n) => `import { target as v${n} } from '${from}';` },
  { kind: 'type', text: (from, n) => `import type { Target as T${n} } from '${from}';` },
  { kind: 'value', text: (from, n) => `export { target as r${n} } from '${from}';` },
  { kind: 'type', text: (from, n) => `export type { Target as U${n} } from '${from}';` },
  { kind: 'value', text: (from, n) => `export const d${n} = (): unknown => import('${from}');` },
];

const TARGET = 'export const target = 1;\nexport type Target = number;\n';

/**
 * Writes every import of every room by every room, in all five forms, and compares the linter's answer with the table:
 * forbidden edges must be reported, allowed ones must not.
 */
export function roomEdgesCanary(): CanaryResult {
  using workspace = lintWorkspace();
  const forbidden: Omit<Finding, 'text'>[] = [];
  for (const { name, path } of EXTRA_TARGETS) workspace.write(targetPath(name, path), TARGET);
  for (const room of ROOMS) {
    workspace.write(targetPath(room.name, room.path), TARGET);
    const { file, text, faults } = edgesOf(room);
    workspace.write(file, isOneFile(room.name) ? TARGET + text : text);
    const shift = isOneFile(room.name) ? TARGET.split('\n').length - 1 : 0;
    forbidden.push(...faults.map((line) => ({ file, line: line + shift, rule: RULE })));
  }
  const found = lint(workspace).filter(({ rule }) => rule === RULE);
  return {
    name: 'room edges',
    planted: forbidden.length,
    wrong: compareFindings(forbidden, found),
  };
}

function edgesOf(from: Room): {
  readonly file: string;
  readonly text: string;
  readonly faults: readonly number[];
} {
  const file = isOneFile(from.name) ? from.path : from.path.replace(/[^/]+(\.tsx?)$/, 'edges$1');
  const lines: string[] = [];
  const faults: number[] = [];
  for (const to of [...ROOMS, ...EXTRA_TARGETS]) {
    const target = targetPath(to.name, to.path);
    if (target === file) continue;
    const path = relative(dirname(file), target);
    for (const { kind, text } of FORMS) {
      lines.push(text(path.startsWith('.') ? path : `./${path}`, lines.length));
      if (!mayImport(from, to.name, kind)) faults.push(lines.length);
    }
  }
  return { file, text: `${lines.join('\n')}\n`, faults };
}

/** Rooms that are one file; the others get a second file that is imported. */
function isOneFile(name: string): boolean {
  return ['main', 'worker-protocol', 'worker-port', 'worker-client', 'schema-list'].includes(name);
}

function targetPath(name: string, path: string): string {
  return isOneFile(name) ? path : path.replace(/[^/]+(\.tsx?)$/, 'target$1');
}
