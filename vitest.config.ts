import { playwright } from '@vitest/browser-playwright';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { chromiumArgs, findChromium } from './scripts/chromium.ts';

const chromium = findChromium();

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          environment: 'node',
          include: ['src/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: ['src/app/**', 'src/**/*.gpu.test.ts', 'scripts/canary/**'],
          setupFiles: ['scripts/fast-check-seed.ts'],
          testTimeout: 60_000,
        },
      },
      {
        // tfjs's modules are many; made ready beforehand, they do not reload the page in the middle of a run.
        optimizeDeps: { include: ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-webgpu', 'zod'] },
        // Tests read oracle data that lies beside the repository, and skip where it is absent.
        server: { fs: { allow: ['.', '../shared'] } },
        test: {
          name: 'gpu',
          include: ['src/**/*.gpu.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 120_000,
          // One software adapter: files side by side only make each other slow.
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                ...(chromium === undefined ? {} : { executablePath: chromium }),
                args: chromiumArgs(),
              },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      {
        plugins: [react()],
        test: {
          name: 'ui',
          environment: 'happy-dom',
          include: ['src/app/**/*.test.ts', 'src/app/**/*.test.tsx'],
          setupFiles: ['scripts/fast-check-seed.ts'],
          testTimeout: 20_000,
        },
      },
    ],
  },
});
