import { stripVTControlCharacters } from 'node:util';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

/** The compiler's settings; tools that resolve imports read all of them. */
export const TSCONFIGS = [
  'tsconfig.json',
  'tsconfig.base.json',
  'tsconfig.app.json',
  'tsconfig.engine.json',
  'tsconfig.node.json',
  'tsconfig.tests.json',
] as const;

/** What one canary found: how many faults were planted, and those that the tool did not report as expected. */
export interface CanaryResult {
  readonly name: string;
  readonly planted: number;
  readonly wrong: readonly string[];
}

export interface ToolRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A throw-away project outside the repository, with the repository's own tool settings and packages, in which faults
 * can be planted without the ordinary checks tripping over them.
 */
export class Workspace implements Disposable {
  readonly path: string;

  constructor(settings: readonly string[]) {
    this.path = mkdtempSync(join(tmpdir(), 'anchorage-canary-'));
    for (const name of settings) cpSync(join(ROOT, name), join(this.path, name));
    symlinkSync(join(ROOT, 'node_modules'), join(this.path, 'node_modules'), 'junction');
  }

  /** Copies a fixture folder of scripts/canary to the root of the workspace. */
  addFixture(name: string): void {
    cpSync(join(ROOT, 'scripts/canary', name), this.path, { recursive: true });
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.path, path)), { recursive: true });
    writeFileSync(join(this.path, path), text);
  }

  /** Runs the entry script of an installed tool in the workspace; never through a shell. */
  run(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ToolRun {
    const { status, stdout, stderr, error } = spawnSync(
      process.execPath,
      [join(ROOT, 'node_modules', script), ...args],
      {
        cwd: this.path,
        encoding: 'utf8',
        maxBuffer: 1 << 28,
        env: { ...process.env, ...env },
      },
    );
    if (error !== undefined) throw error;
    // Some tools colour their output where CI is set, whatever NO_COLOR says.
    return {
      status: status ?? -1,
      stdout: stripVTControlCharacters(stdout),
      stderr: stripVTControlCharacters(stderr),
    };
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
