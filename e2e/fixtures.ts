import { test as base } from '@playwright/test';
import { DIST } from '../scripts/built-app.ts';
import { serveFolder } from '../scripts/static-server.ts';
import { watchPage } from './watch-page.ts';

export { expect } from '@playwright/test';

interface Fixtures {
  /** Faults of the page so far. Every test fails on any of them, without asking for this fixture. */
  readonly faults: readonly string[];
}

interface WorkerFixtures {
  /** Address of the built app, with a trailing slash. */
  readonly appUrl: string;
  /** The same build, mounted at a deep path of another server, as on a project page of a static host. */
  readonly subPathUrl: string;
}

/** Playwright's `test`, against the built app, with the page watched. */
export const test = base.extend<Fixtures, WorkerFixtures>({
  appUrl: [
    async ({}, use) => {
      const server = await serveFolder(DIST, { port: 0 });
      await use(server.url);
      await server.close();
    },
    { scope: 'worker' },
  ],
  subPathUrl: [
    async ({}, use) => {
      const server = await serveFolder(DIST, { port: 0, mount: '/some/sub/path/' });
      await use(server.url);
      await server.close();
    },
    { scope: 'worker' },
  ],
  faults: [
    async ({ page, appUrl, subPathUrl }, use) => {
      const faults = watchPage(page, [new URL(appUrl).origin, new URL(subPathUrl).origin]);
      await use(faults);
      if (faults.length > 0) throw new Error(`faults of the page:\n${faults.join('\n')}`);
    },
    { auto: true },
  ],
});
