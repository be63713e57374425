/**
 * `npm run -s cli -- COMMAND …`: runs src/cli/main.ts through tsx in this very terminal. It installs nothing and prints
 * nothing of its own on stdout, which belongs to the command.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const loader = new URL('../node_modules/tsx/dist/loader.mjs', import.meta.url);
const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));

if (!existsSync(loader)) {
  console.error('The packages are not installed. Run `npm start` or `npm install` once.');
  process.exit(1);
}

const { tsImport } = await import('tsx/esm/api');
const { softwareVulkanEnvironment } = await tsImport(
  '../src/cli/vulkan-icd.node.ts',
  import.meta.url,
);
// Commands that compute nothing on the GPU have no use for the line that tells which driver was chosen.
const withoutGpu = ['print-config', 'inspect-data'].includes(process.argv[2] ?? '');
const say = (line) => {
  if (!withoutGpu) console.error(line);
};
const child = spawn(process.execPath, ['--import', loader.href, main, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: softwareVulkanEnvironment(say) ?? process.env,
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  // The child decides how to end (a training saves its state first); this process only waits for it.
  process.on(signal, () => child.kill(signal));
}
child.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
child.on('exit', (code, signal) => {
  process.exit(signal === null ? (code ?? 1) : 1);
});
