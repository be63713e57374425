/**
 * Compares the engine with the cases that PyTorch, torchvision, MMDetection and pycocotools computed, which lie beside the
 * repository (`../shared/oracle`); without them the step says so and counts nothing. Operators run on the GPU and on
 * their slow twins, MMDetection's own pages on the GPU; `--models` adds whole models, the full-width ones too.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const ORACLE = join(ROOT, '../shared/oracle');

const runs: readonly (readonly string[])[] = [
  ['ops', '--backend', 'reference'],
  ['ops'],
  ['mmdet'],
  ...(process.argv.includes('--models') ? [['models']] : []),
];

if (existsSync(ORACLE)) {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for (const [folder = '', ...options] of runs) {
    const counts = runOracle(join(ORACLE, folder), options);
    totals.passed += counts.passed;
    totals.failed += counts.failed;
    totals.skipped += counts.skipped;
  }
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
  process.exitCode = totals.failed === 0 && totals.passed > 0 ? 0 : 1;
} else {
  console.log(`skipped: ${ORACLE} is absent`);
  console.log('0 passed, 0 failed, 1 skipped');
}

/** Runs one folder; what failed or was skipped is printed as it comes. A run that cannot be counted counts as failed. */
function runOracle(
  path: string,
  options: readonly string[],
): { readonly passed: number; readonly failed: number; readonly skipped: number } {
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(ROOT, 'scripts/cli.mjs'), 'oracle', path, ...options],
    { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 28 },
  );
  process.stdout.write(stdout);
  const counted = /(\d+) passed, (\d+) failed, (\d+) skipped\s*$/.exec(stdout);
  if (counted === null) return { passed: 0, failed: 1, skipped: 0 };
  const [passed = 0, failed = 0, skipped = 0] = counted.slice(1).map(Number);
  return { passed, failed: status === 0 ? failed : Math.max(1, failed), skipped };
}
