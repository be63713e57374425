/**
 * Trains the sample's preset to its end on the command line and tests what came out: the one check that says whether the
 * whole of it learns. About half an hour on a software adapter, a minute or two on a GPU. Step of `npm run test:full`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '..');
const CONFIG = 'configs/retinanet/retinanet_r18_fpn_sample.yaml';

/** What a detector that has learnt reaches easily, and one with a wrong loss, anchor or label does not. */
const LEAST_AP50 = 0.5;

/** Runs a command of the command line and parses its answer. Throws when it fails; its log goes to stderr as it comes. */
function cli<T>(schema: z.ZodType<T>, ...args: readonly string[]): T {
  const { status, stdout, error } = spawnSync(
    process.execPath,
    [join(ROOT, 'scripts/cli.mjs'), ...args, '--json'],
    { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 26 },
  );
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${args[0] ?? ''} ended with ${status}`);
  return schema.parse(JSON.parse(stdout));
}

const workDir = mkdtempSync(join(tmpdir(), 'anchorage-sample-'));
try {
  const { adapter } = cli(z.looseObject({ adapter: z.string() }), 'doctor');
  const start = performance.now();
  const { checkpoint, iterations, last } = cli(
    z.looseObject({
      checkpoint: z.string(),
      iterations: z.int().positive(),
      last: z.looseObject({ loss: z.number() }),
    }),
    'train',
    CONFIG,
    '--work-dir',
    workDir,
  );
  const minutes = (performance.now() - start) / 60_000;
  const metrics = cli(z.looseObject({ 'pascal_voc/AP50': z.number() }), 'test', CONFIG, checkpoint);
  const ap50 = metrics['pascal_voc/AP50'];
  const reached = ap50 >= LEAST_AP50;
  console.log(
    `AP50 ${ap50.toFixed(3)} (at least ${LEAST_AP50.toFixed(2)}: ${reached ? 'reached' : 'MISSED'}) after ${iterations} iterations in ${minutes.toFixed(1)} min on ${adapter}, last loss ${last.loss.toFixed(4)}`,
  );
  console.log(reached ? '1 passed, 0 failed' : '0 passed, 1 failed');
  process.exitCode = reached ? 0 : 1;
} finally {
  rmSync(workDir, { recursive: true, force: true });
}
