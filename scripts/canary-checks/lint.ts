import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { TSCONFIGS, Workspace } from './workspace.ts';
import type { CanaryResult } from './workspace.ts';

const OUTPUT = z.object({
  number_of_files: z.number(),
  diagnostics: z.array(
    z.object({
      code: z.string().optional(),
      message: z.string(),
      help: z.string().optional(),
      filename: z.string(),
      labels: z.array(z.object({ span: z.object({ line: z.number() }) })),
    }),
  ),
});

export interface Finding {
  readonly file: string;
  /** 1-based; 0 for a finding about the whole file. */
  readonly line: number;
  /** As oxlint prints it, e.g. `typescript(no-explicit-any)`. */
  readonly rule: string;
  readonly text: string;
}

const SETTINGS = ['.oxlintrc.json', ...TSCONFIGS];

/** Rules that judge the file, not a line. */
const FILE_RULES = new Set(['unicorn(filename-case)', 'eslint(max-lines)']);

/** A workspace with the linter's settings in it. */
export function lintWorkspace(): Workspace {
  return new Workspace(SETTINGS);
}

/** Lints a workspace exactly as `npm run lint` lints the project. */
export function lint(workspace: Workspace): readonly Finding[] {
  const { stdout, stderr } = workspace.run('oxlint/bin/oxlint', [
    '--type-aware',
    '--deny-warnings',
    '--report-unused-disable-directives',
    '--format=json',
  ]);
  const start = stdout.indexOf('{');
  if (start < 0) throw new Error(`oxlint printed no JSON: ${stdout}${stderr}`);
  const { diagnostics, number_of_files: files } = OUTPUT.parse(JSON.parse(stdout.slice(start)));
  if (files === 0) throw new Error('oxlint looked at no file');
  return diagnostics.map(({ code, message, help, filename, labels }) => {
    const rule =
      code ?? (message.startsWith('Unused oxlint-disable') ? 'unused-directive' : message);
    return {
      file: filename.replaceAll('\\', '/'),
      line: FILE_RULES.has(rule) ? 0 : (labels[0]?.span.line ?? 0),
      rule,
      text: `${message} ${help ?? ''}`,
    };
  });
}

/** The faults that the comments of a fixture announce: `// planted: a, b` on the line, `// planted-file: a` for the file. */
export function plantedIn(file: string, text: string): readonly Omit<Finding, 'text'>[] {
  return text.split('\n').flatMap((content, index) => {
    const match = /planted(-file)?: (.+)$/.exec(content);
    if (match === null) return [];
    const [, whole, rules = ''] = match;
    return rules
      .split(',')
      .map((rule) => ({ file, line: whole === undefined ? index + 1 : 0, rule: rule.trim() }));
  });
}

/** Differences between what was planted and what was reported, both ways: a rule may neither sleep nor cry wolf. */
export function compareFindings(
  planted: readonly Omit<Finding, 'text'>[],
  found: readonly Finding[],
): readonly string[] {
  const key = ({ file, line, rule }: Omit<Finding, 'text'>): string => `${file}:${line} ${rule}`;
  const expected = new Set(planted.map(key));
  const actual = new Set(found.map(key));
  return [
    ...[...expected].filter((one) => !actual.has(one)).map((one) => `not reported: ${one}`),
    ...[...actual]
      .filter((one) => !expected.has(one))
      .map((one) => `reported but not planted: ${one}`),
  ];
}

/** One planted fault per lint rule; the messages of the bans must also say what to use instead. */
export function lintCanary(): CanaryResult {
  using workspace = lintWorkspace();
  workspace.addFixture('lint');
  workspace.write(
    'src/base/long-file.ts',
    `// planted-file: eslint(max-lines)\n${Array.from({ length: 401 }, (_, i) => `export const line${i} = ${i};`).join('\n')}\n`,
  );
  // Four hundred lines of code are allowed, however many comments and blanks stand between them.
  workspace.write(
    'src/base/long-enough.ts',
    Array.from({ length: 400 }, (_, i) => `// comment\n\nexport const line${i} = ${i};`).join('\n'),
  );
  const planted = readdirSync(join(workspace.path, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.tsx?$/.test(path))
    .flatMap((path) => {
      const file = `src/${path.replaceAll('\\', '/')}`;
      return plantedIn(file, readFileSync(join(workspace.path, file), 'utf8'));
    });
  const found = lint(workspace);
  const silent = found
    .filter(
      ({ rule, text }) =>
        rule.startsWith('eslint(no-restricted') && !/\b(Use|Import|Put)\b/.test(text),
    )
    .map(({ file, line }) => `${file}:${line} says no replacement`);
  return {
    name: 'oxlint rules',
    planted: planted.length,
    wrong: [...compareFindings(planted, found), ...silent],
  };
}
