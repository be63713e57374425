import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkBundle } from '../bundle-size.ts';
import { ROOT, TSCONFIGS, Workspace } from './workspace.ts';
import type { CanaryResult } from './workspace.ts';

/** What the project's Vite settings import. */
const PLUGINS = ['vite-chunk-list.ts', 'vite-content-security-policy.ts', 'vite-unused-tfjs.ts'];

/**
 * Builds a tiny app with the project's own Vite settings, sound and with tfjs pulled into a lazy part of its page: the
 * list of modules that the size check believes must come from a real build, workers included.
 */
export function buildCanary(): CanaryResult {
  using workspace = new Workspace([...TSCONFIGS, 'vite.config.ts', 'package.json']);
  for (const name of PLUGINS) {
    cpSync(join(ROOT, 'scripts', name), join(workspace.path, 'scripts', name));
  }
  workspace.addFixture('build');
  const sound = buildAndCheck(workspace);
  if (sound.length > 0) return { name: 'build', planted: 1, wrong: sound };
  const page = readFileSync(join(workspace.path, 'dist/index.html'), 'utf8');
  workspace.write(
    'src/app/lazy.ts',
    "import { scalar } from '@tensorflow/tfjs-core';\nexport const lazy = String(scalar(1).shape);\n",
  );
  const leaking = buildAndCheck(workspace);
  const policy = page.indexOf('Content-Security-Policy');
  return {
    name: 'build',
    planted: 1,
    wrong: [
      ...(leaking.some((problem) => /@tensorflow.* is in the interface's bundle/.test(problem))
        ? []
        : [`tfjs in the page was not reported: ${leaking.join('; ')}`]),
      ...(policy > 0 && policy < page.indexOf('<script') && page.includes('connect-src')
        ? []
        : ['the page has no policy before its scripts']),
      ...(page.includes('src="./assets/')
        ? []
        : ['the page does not load its script by a relative path']),
    ],
  };
}

function buildAndCheck(workspace: Workspace): readonly string[] {
  const { status, stderr } = workspace.run('vite/bin/vite.js', ['build', '--logLevel', 'error']);
  if (status !== 0) return [`vite build ended with ${status}: ${stderr}`];
  return checkBundle(join(workspace.path, 'dist')).problems;
}
