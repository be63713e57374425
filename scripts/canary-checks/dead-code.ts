import { z } from 'zod';
import { Workspace } from './workspace.ts';
import type { CanaryResult } from './workspace.ts';

const NAMED = z.array(z.object({ name: z.string() })).default([]);
const OUTPUT = z.object({
  issues: z.array(
    z.object({
      file: z.string(),
      files: NAMED,
      exports: NAMED,
      types: NAMED,
      dependencies: NAMED,
      unlisted: NAMED,
    }),
  ),
});

const PLANTED = [
  'unused file src/orphan.ts',
  'unused export unusedValue',
  'unused type UnusedType',
  'unused dependency yaml',
  'unlisted dependency echarts',
];

/** A file, an export, a type and a package that nobody uses, and a package that nobody declared: knip must name each. */
export function deadCodeCanary(): CanaryResult {
  using workspace = new Workspace([
    'knip.json',
    'tsconfig.json',
    'tsconfig.base.json',
    'tsconfig.app.json',
  ]);
  workspace.addFixture('knip');
  const { status, stdout, stderr } = workspace.run('knip/bin/knip.js', [
    '--reporter',
    'json',
    '--no-config-hints',
  ]);
  const start = stdout.indexOf('{');
  if (start < 0) throw new Error(`knip printed no JSON: ${stdout}${stderr}`);
  const { issues } = OUTPUT.parse(JSON.parse(stdout.slice(start)));
  const found = issues.flatMap((issue) => [
    ...issue.files.map(({ name }) => `unused file ${name}`),
    ...issue.exports.map(({ name }) => `unused export ${name}`),
    ...issue.types.map(({ name }) => `unused type ${name}`),
    ...issue.dependencies.map(({ name }) => `unused dependency ${name}`),
    ...issue.unlisted.map(({ name }) => `unlisted dependency ${name}`),
  ]);
  return {
    name: 'knip',
    planted: PLANTED.length,
    wrong: [
      ...PLANTED.filter((one) => !found.includes(one)).map((one) => `not reported: ${one}`),
      ...found
        .filter((one) => !PLANTED.includes(one))
        .map((one) => `reported but not planted: ${one}`),
      ...(status === 0 ? ['knip exited with 0'] : []),
    ],
  };
}
