import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'chrome.exe',
  'msedge.exe',
];

const PLACES: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ['/usr/lib/chromium/chromium', '/opt/google/chrome/chrome', '/snap/bin/chromium'],
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA'].flatMap((name) => {
    const folder = process.env[name];
    return folder === undefined
      ? []
      : [
          join(folder, 'Google/Chrome/Application/chrome.exe'),
          join(folder, 'Chromium/Application/chrome.exe'),
          join(folder, 'Microsoft/Edge/Application/msedge.exe'),
        ];
  }),
};

/**
 * The path of a Chromium-family browser on this machine: `CHROMIUM_PATH`, then PATH, then the usual places, then
 * Playwright's downloads.
 *
 * @returns undefined where there is none
 * @throws Error when `CHROMIUM_PATH` is set to something that cannot be run: a wrong wish is not passed over
 */
export function findChromium(): string | undefined {
  const wished = process.env['CHROMIUM_PATH'];
  if (wished !== undefined && wished !== '') {
    if (!isExecutable(wished)) throw new Error(`CHROMIUM_PATH is ${wished}, which cannot be run`);
    return wished;
  }
  const onPath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...onPath, ...(PLACES[process.platform] ?? []), ...playwrightDownloads()].find(
    isExecutable,
  );
}

/**
 * {@link findChromium}, installing a browser when there is none: Debian's package where this is root on a machine with
 * apt, Playwright's download elsewhere.
 */
export function ensureChromium(): string {
  const found = findChromium();
  if (found !== undefined) return found;
  const isRoot = process.getuid?.() === 0;
  const commands: readonly (readonly [string, readonly string[]])[] =
    isRoot && existsSync('/usr/bin/apt-get')
      ? [
          ['apt-get', ['update', '-q']],
          [
            'apt-get',
            ['install', '-y', '-q', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'],
          ],
        ]
      : [
          [
            process.execPath,
            [join(import.meta.dirname, '../node_modules/playwright/cli.js'), 'install', 'chromium'],
          ],
        ];
  for (const [command, args] of commands) {
    console.error(`no Chromium found: ${command} ${args.join(' ')}`);
    const { status, error } = spawnSync(command, args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (error !== undefined) throw error;
    if (status !== 0)
      throw new Error(`${command} ended with ${status}; install Chromium or set CHROMIUM_PATH`);
  }
  const installed = findChromium();
  if (installed === undefined)
    throw new Error('Chromium was installed but not found; set CHROMIUM_PATH');
  return installed;
}

/**
 * Arguments for a headless Chromium with WebGPU. Without a GPU it computes on SwiftShader, which is exact but slow; a
 * real GPU is used when `ANCHORAGE_GPU=1` asks for it.
 */
export function chromiumArgs(): string[] {
  const software = process.env['ANCHORAGE_GPU'] === '1' ? [] : ['--use-webgpu-adapter=swiftshader'];
  // Chromium refuses its sandbox to root, and containers usually run as root.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return [
    '--enable-unsafe-webgpu',
    ...software,
    ...sandbox,
    '--disable-background-networking',
    '--disable-dev-shm-usage',
    '--force-color-profile=srgb',
  ];
}

function playwrightDownloads(): readonly string[] {
  const folder =
    process.env['PLAYWRIGHT_BROWSERS_PATH'] ??
    join(
      homedir(),
      { darwin: 'Library/Caches/ms-playwright', win32: 'AppData/Local/ms-playwright' }[
        String(process.platform)
      ] ?? '.cache/ms-playwright',
    );
  if (!existsSync(folder)) return [];
  const inside = [
    'chrome-linux/chrome',
    'chrome-linux64/chrome',
    'chrome-mac/Chromium.app/Contents/MacOS/Chromium',
    'chrome-win/chrome.exe',
    'chrome-win64/chrome.exe',
  ];
  return readdirSync(folder)
    .filter((name) => /^chromium-\d+$/.test(name))
    .flatMap((name) => inside.map((path) => join(folder, name, path)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
