import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const STAMP = join(ROOT, 'node_modules/.anchorage-lock');

/**
 * Installs the packages by the lockfile when they are missing or when the lockfile has changed since they were
 * installed. Plain Node, since nothing is installed yet when it runs. Stops the process with npm's status on failure.
 */
export function ensureInstalled() {
  checkNode();
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lock) return;
  if (!existsSync(STAMP) && installedMatchesLock()) {
    writeFileSync(STAMP, lock);
    return;
  }
  console.log('Installing the packages (npm install), once …');
  // Not `npm ci`: it refuses a lockfile that lacks a binary of some other platform, and the registry that the lockfile
  // was made with need not carry them all. This installs the locked versions too, and leaves the lockfile as it is.
  const args = ['install', '--no-save'];
  const npm = process.env['npm_execpath'];
  const { status } =
    npm === undefined
      ? spawnSync('npm', args, {
          cwd: ROOT,
          stdio: 'inherit',
          shell: process.platform === 'win32',
        })
      : spawnSync(process.execPath, [npm, ...args], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) {
    console.error(
      'npm install failed: see its message above. A proxy or an offline machine is the usual reason.',
    );
    process.exit(status ?? 1);
  }
  writeFileSync(STAMP, lock);
}

/** True when somebody installed by hand: npm then wrote down the versions that it installed. */
function installedMatchesLock() {
  const hidden = join(ROOT, 'node_modules/.package-lock.json');
  if (!existsSync(hidden)) return false;
  const installed = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === '' || optional === true || installed[path]?.version === version,
  );
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(
    `Node ${process.versions.node} is too old: Anchorage needs Node 20.19 or newer (https://nodejs.org).`,
  );
  process.exit(1);
}
