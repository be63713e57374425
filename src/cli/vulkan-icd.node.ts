import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A software Vulkan driver that a Chromium package brings along, usable by Dawn in Node. */
export interface VulkanDriver {
  /** The driver's manifest, `vk_swiftshader_icd.json`. */
  readonly icdPath: string;
  /** The folder with `libvulkan.so.1`, where the system has no Vulkan loader of its own and Chromium's is needed. */
  readonly loaderFolder: string | undefined;
}

/** Set in the second process, so that a driver that does not work cannot make the program start itself for ever. */
const RESTARTED = 'ANCHORAGE_VULKAN_SET';
const ICD = 'vk_swiftshader_icd.json';
const LOADER = 'libvulkan.so.1';

/**
 * Finds SwiftShader's Vulkan manifest beside an installed Chromium or Chrome.
 *
 * @param browserPath a browser executable to look beside first (symbolic links are followed)
 * @returns undefined where none is installed; only Linux needs one (macOS has Metal, Windows D3D12 with WARP)
 */
export function findVulkanDriver(browserPath?: string): VulkanDriver | undefined {
  if (process.platform !== 'linux') return undefined;
  const folder = candidateFolders(browserPath).find((path) => existsSync(join(path, ICD)));
  if (folder === undefined) return undefined;
  const needsLoader = !systemHasVulkanLoader() && existsSync(join(folder, LOADER));
  return { icdPath: join(folder, ICD), loaderFolder: needsLoader ? folder : undefined };
}

/**
 * The environment with which a child process finds the driver. A `VK_DRIVER_FILES` (or the older `VK_ICD_FILENAMES`)
 * that the user has set is left alone.
 */
export function vulkanEnvironment(
  driver: VulkanDriver,
  environment: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const result: NodeJS.ProcessEnv = { ...environment };
  if (!choosesDriver(environment)) result['VK_DRIVER_FILES'] = driver.icdPath;
  if (driver.loaderFolder !== undefined) {
    const others = environment['LD_LIBRARY_PATH'];
    result['LD_LIBRARY_PATH'] =
      others === undefined || others === ''
        ? driver.loaderFolder
        : `${driver.loaderFolder}:${others}`;
  }
  return result;
}

/**
 * The environment in which a command that computes on the GPU must run, or undefined where the present one will do: on
 * other systems than Linux, when the user chose a driver, when the machine has a working one of its own, when the
 * environment was already made by this function, and when no driver is found.
 *
 * @param say receives the one line that tells which driver was chosen (for stderr)
 */
export function softwareVulkanEnvironment(
  say: (line: string) => void,
): NodeJS.ProcessEnv | undefined {
  if (process.platform !== 'linux' || process.env[RESTARTED] !== undefined) return undefined;
  if (choosesDriver(process.env) || systemHasVulkanDevice()) return undefined;
  // Mesa's software driver is left to the loader where Chromium's is not there: older ones lack what Dawn asks for.
  const driver = findVulkanDriver(process.env['CHROMIUM_PATH']);
  if (driver === undefined) return undefined;
  say(`no Vulkan driver on this machine: using SwiftShader (software) from ${driver.icdPath}`);
  return { ...vulkanEnvironment(driver), [RESTARTED]: '1' };
}

/**
 * Starts this very command again with the Vulkan driver set, where {@link softwareVulkanEnvironment} says it is needed:
 * the loader reads its environment when the process starts. Await it first thing, before the GPU is touched; it comes
 * back only in the process that should do the work. `npm run cli` sets the environment beforehand, so this is for
 * those who run the program directly.
 */
export async function restartWithVulkanDriver(say: (line: string) => void): Promise<void> {
  const env = softwareVulkanEnvironment(say);
  if (env === undefined) return;
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env,
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => child.kill(signal));
  }
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status) => {
      resolve(status ?? 1);
    });
  });
  process.exit(code);
}

/**
 * True where the system has a Vulkan driver and a device for it. Mesa's packages install manifests on machines without
 * any GPU.
 */
function systemHasVulkanDevice(): boolean {
  const folders = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'];
  const hasManifest = folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder))
    .some((name) => name.endsWith('.json'));
  return hasManifest && ['/dev/dri', '/dev/nvidiactl', '/dev/dxg'].some((path) => existsSync(path));
}

function choosesDriver(environment: NodeJS.ProcessEnv): boolean {
  return [environment['VK_DRIVER_FILES'], environment['VK_ICD_FILENAMES']].some(
    (value) => value !== undefined && value !== '',
  );
}

/** Asks the dynamic linker's cache, which is what `dlopen` will ask. */
function systemHasVulkanLoader(): boolean {
  for (const ldconfig of ['/sbin/ldconfig', '/usr/sbin/ldconfig', 'ldconfig']) {
    const { status, stdout } = spawnSync(ldconfig, ['-p'], { encoding: 'utf8' });
    if (status === 0) return stdout.includes(LOADER);
  }
  return false;
}

function candidateFolders(browserPath: string | undefined): readonly string[] {
  const beside =
    browserPath !== undefined && existsSync(browserPath)
      ? [dirname(realpathSync(browserPath))]
      : [];
  return [
    ...beside,
    '/usr/lib/chromium',
    '/usr/lib/chromium-browser',
    '/usr/lib64/chromium-browser',
    '/opt/google/chrome',
    '/snap/chromium/current/usr/lib/chromium-browser',
    ...playwrightFolders(),
  ];
}

/** Browsers that Playwright has downloaded, newest first. */
function playwrightFolders(): readonly string[] {
  const home = process.env['HOME'];
  const cache =
    process.env['PLAYWRIGHT_BROWSERS_PATH'] ??
    (home === undefined ? undefined : join(home, '.cache/ms-playwright'));
  if (cache === undefined || !existsSync(cache)) return [];
  return readdirSync(cache)
    .filter((name) => /^chromium-\d+$/.test(name))
    .sort((a, b) => Number(b.slice(9)) - Number(a.slice(9)))
    .flatMap((name) => [join(cache, name, 'chrome-linux'), join(cache, name, 'chrome-linux64')]);
}
