import { defineConfig } from '@playwright/test';
import { chromiumArgs, findChromium } from './scripts/chromium.ts';

const executablePath = findChromium();

/**
 * Journeys through the built app in a real Chromium with WebGPU. Each worker serves dist/ itself (e2e/fixtures.ts), with
 * a plain static server, because that is how the app is deployed.
 */
export default defineConfig({
  testDir: 'e2e',
  globalSetup: './e2e/build-first.ts',
  timeout: 120_000,
  expect: { timeout: 15_000 },
  // One software adapter serves all: journeys side by side only make each other slow.
  workers: 1,
  // A journey that needs a second try is broken.
  retries: 0,
  forbidOnly: process.env['CI'] !== undefined,
  reporter: 'list',
  outputDir: 'test-results',
  use: {
    browserName: 'chromium',
    headless: true,
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    trace: 'retain-on-failure',
    launchOptions: {
      ...(executablePath === undefined ? {} : { executablePath }),
      args: chromiumArgs(),
    },
  },
});
