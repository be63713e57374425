/**
 * `npm test`: installs what is missing (packages, Chromium), runs every check in order, stops at the first that fails,
 * and ends with a table and `N passed, N failed`. `--fast` leaves out what needs a browser or a build (`npm run check`);
 * `--full` adds the long checks (`npm run test:full`).
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, ensureInstalled } from './installed.mjs';

const fast = process.argv.includes('--fast');
const full = process.argv.includes('--full');
const reports = mkdtempSync(join(tmpdir(), 'anchorage-test-'));
const startedAt = performance.now();

ensureInstalled();

const bin = (script) => [process.execPath, join(ROOT, 'node_modules', script)];
const tsx = (script, ...args) => [...bin('tsx/dist/cli.mjs'), join(ROOT, script), ...args];
const vitest = (report, ...args) => [
  ...bin('vitest/vitest.mjs'),
  'run',
  ...args,
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${join(reports, report)}`,
];
const tsc = (project) => [...bin('typescript/bin/tsc'), '-p', project];

const gpuCount = join(reports, 'gpu-count.json');

/**
 * Each step is one command; it passes when it exits with 0. `counts` says how to count what it did; without it, the
 * step's last line of the form `N passed, N failed` counts, or else the step itself.
 */
const STEPS = [
  { name: 'lockfile', command: tsx('scripts/check-lockfile.ts') },
  { name: 'format', command: [...bin('oxfmt/bin/oxfmt'), '--check', '.'] },
  {
    name: 'lint',
    command: [
      ...bin('oxlint/bin/oxlint'),
      '--type-aware',
      '--deny-warnings',
      '--report-unused-disable-directives',
    ],
  },
  ...['app', 'engine', 'node', 'tests'].map((part) => ({
    name: `types: ${part}`,
    command: tsc(`tsconfig.${part}.json`),
  })),
  { name: 'dead code', command: bin('knip/bin/knip.js') },
  { name: 'ratchet', command: tsx('scripts/ratchet.ts') },
  { name: 'canaries', command: tsx('scripts/check-canary.ts') },
  {
    name: 'unit and interface tests',
    command: vitest('unit.json', '--project', 'node', '--project', 'ui'),
    counts: () => vitestCounts('unit.json'),
  },
  {
    name: 'kernels on WebGPU',
    slow: true,
    command: [
      ...vitest('gpu.json', '--project', 'gpu'),
      `--reporter=${join(ROOT, 'scripts/gpu-reporter.ts')}`,
    ],
    env: { REQUIRE_WEBGPU: '1', GPU_COUNT_FILE: gpuCount },
    counts: () => vitestCounts('gpu.json'),
  },
  { name: 'oracle', slow: true, command: tsx('scripts/oracle-check.ts') },
  {
    name: 'build',
    slow: true,
    command: [...bin('vite/bin/vite.js'), 'build', '--logLevel', 'warn'],
  },
  { name: 'size budget', slow: true, command: tsx('scripts/check-size.ts') },
  {
    name: 'journeys in Chromium',
    slow: true,
    command: [...bin('@playwright/test/cli.js'), 'test', '--reporter=list,json'],
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: join(reports, 'e2e.json') },
    counts: () => playwrightCounts('e2e.json'),
  },
  { name: 'gallery: accessibility', slow: true, command: tsx('scripts/gallery.ts') },
  { name: 'oracle: whole models', long: true, command: tsx('scripts/oracle-check.ts', '--models') },
  { name: 'same seed, same bytes', long: true, command: tsx('scripts/repeat-check.ts') },
  { name: 'training to its accuracy', long: true, command: tsx('scripts/train-sample-check.ts') },
].filter(({ slow = false, long = false }) => (fast ? !slow && !long : full || !long));

const results = [];
let chromiumReady = fast;

for (const step of STEPS) {
  if (step.slow && !chromiumReady) {
    results.push(await run({ name: 'Chromium', command: tsx('scripts/ensure-chromium.ts') }));
    chromiumReady = true;
    if (results.at(-1).failed > 0) break;
  }
  results.push(await run(step));
  if (results.at(-1).failed > 0) break;
}
finish();

/** Runs one step under a heading, passing its output on as it comes. */
async function run({ name, command: [program, ...args], env = {}, counts }) {
  console.log(`\n── ${name} ${'─'.repeat(Math.max(3, 76 - name.length))}`);
  const start = performance.now();
  const child = spawn(program, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    // No colours: what is printed here is read by programs and kept in logs.
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, CI: '1', ...env },
  });
  let output = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text) => {
    process.stdout.write(text);
    output = (output + text).slice(-100_000);
  });
  const status = await new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });
  const seconds = (performance.now() - start) / 1000;
  const counted = counts?.() ??
    countsIn(output) ?? { passed: status === 0 ? 1 : 0, failed: 0, skipped: 0 };
  // A run can fail without a failing test (a file that does not load, a count of zero): the step itself then counts.
  const failed = status === 0 ? counted.failed : Math.max(1, counted.failed);
  console.log(`${failed === 0 ? 'ok' : `FAILED (${status})`}  ${name}, ${seconds.toFixed(1)} s`);
  return { name, seconds, ...counted, failed };
}

function finish() {
  const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
  console.log('\nstep                            passed  failed skipped   time');
  for (const { name, passed, failed, skipped, seconds } of results) {
    console.log(
      [
        name.padEnd(30),
        ...[passed, failed, skipped].map((n) => String(n).padStart(7)),
        `${seconds.toFixed(1)} s`.padStart(9),
      ].join(' '),
    );
  }
  for (const { name } of STEPS.filter(
    (step) => !results.some((result) => result.name === step.name),
  )) {
    console.log(`${name.padEnd(30)}  not run`);
  }
  console.log(`total time ${((performance.now() - startedAt) / 60_000).toFixed(1)} min`);
  const gpu = readJson(gpuCount);
  if (!fast) {
    const reasons = gpu?.reasons?.length > 0 ? ` (${gpu.reasons.join('; ')})` : '';
    console.log(`webgpu: ${gpu?.ran ?? 0} ran, ${gpu?.skipped ?? 0} skipped${reasons}`);
  }
  console.log(`${total('passed')} passed, ${total('failed')} failed`);
  rmSync(reports, { recursive: true, force: true });
  process.exitCode = total('failed') === 0 ? 0 : 1;
}

function vitestCounts(report) {
  const json = readJson(join(reports, report));
  if (json === undefined) return undefined;
  return {
    passed: json.numPassedTests,
    failed: json.numFailedTests,
    skipped: json.numPendingTests + json.numTodoTests,
  };
}

function playwrightCounts(report) {
  const stats = readJson(join(reports, report))?.stats;
  if (stats === undefined) return undefined;
  // A test that passes only on the second try is not a test that passes.
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped };
}

function countsIn(output) {
  const found = [...output.matchAll(/\b(\d+) passed, (\d+) failed(?:, (\d+) skipped)?/g)].at(-1);
  if (found === undefined) return undefined;
  const [passed, failed, skipped] = found.slice(1).map((count) => Number(count ?? 0));
  return { passed, failed, skipped };
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
