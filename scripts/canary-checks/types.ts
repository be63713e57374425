import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { compareFindings, plantedIn } from './lint.ts';
import type { Finding } from './lint.ts';
import { TSCONFIGS, Workspace } from './workspace.ts';
import type { CanaryResult } from './workspace.ts';

/** Each project of the compiler, and which planted files belong to it. */
const PROJECTS = [
  { config: 'tsconfig.engine.json', owns: /^src\/(base|boxes)\/(?!.*\.test\.ts$)/ },
  { config: 'tsconfig.app.json', owns: /^src\/app\// },
  { config: 'tsconfig.node.json', owns: /^src\/cli\// },
  { config: 'tsconfig.tests.json', owns: /\.test\.ts$/ },
] as const;

/** One planted type error per compiler flag we rely on, and per library a project must not see (DOM, Node). */
export function typesCanary(): CanaryResult {
  using workspace = new Workspace(TSCONFIGS);
  workspace.addFixture('types');
  const planted = readdirSync(join(workspace.path, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => {
      const file = `src/${path.replaceAll('\\', '/')}`;
      return plantedIn(file, readFileSync(join(workspace.path, file), 'utf8'));
    });
  const wrong = PROJECTS.flatMap(({ config, owns }) =>
    compareFindings(
      planted.filter(({ file }) => owns.test(file)),
      compile(workspace, config),
    ).map((one) => `${config}: ${one}`),
  );
  return { name: 'compiler flags', planted: planted.length, wrong };
}

function compile(workspace: Workspace, config: string): readonly Finding[] {
  const { stdout } = workspace.run('typescript/bin/tsc', ['-p', config, '--pretty', 'false']);
  return [...stdout.matchAll(/^(\S+?)\((\d+),\d+\): error (TS\d+): (.*)$/gm)].map(
    ([, file = '', line = '0', rule = '', text = '']) => ({
      file: file.replaceAll('\\', '/'),
      line: Number(line),
      rule,
      text,
    }),
  );
}
