import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { z } from 'zod';

const ROOT = join(import.meta.dirname, '..');

/**
 * Runs a command of the command line in a process of its own and parses its `--json` answer; its log goes to stderr as it
 * comes.
 *
 * @throws Error when the command fails or answers something else
 */
export function cliAnswer<T>(schema: z.ZodType<T>, ...args: readonly string[]): T {
  const { status, stdout, error } = spawnSync(
    process.execPath,
    [join(ROOT, 'scripts/cli.mjs'), ...args, '--json'],
    { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 28 },
  );
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${args[0] ?? ''} ended with ${status}`);
  return schema.parse(JSON.parse(stdout));
}
