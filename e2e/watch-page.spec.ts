import { expect, test } from '@playwright/test';
import type { Page } from '@playwright/test';
import { watchPage } from './watch-page.ts';

/** Pages with one planted fault each: the watch that guards every journey must see it. */
const ORIGIN = 'http://localhost:9';

const PLANTED: readonly {
  readonly name: string;
  readonly script: string;
  readonly expect: RegExp;
}[] = [
  {
    name: 'an error on the console',
    script: "console.error('planted')",
    expect: /^console error: planted/,
  },
  {
    name: 'an uncaught error',
    script: "setTimeout(() => { throw new Error('planted'); })",
    expect: /^uncaught: planted/,
  },
  {
    name: 'a rejected promise',
    script: "void Promise.reject(new Error('planted'))",
    expect: /^uncaught: planted/,
  },
  {
    name: 'a request to another origin',
    script: "void fetch('http://elsewhere.test/x').catch(() => 0)",
    expect: /another origin: http:\/\/elsewhere\.test/,
  },
  {
    name: 'an image from another origin',
    script: "new Image().src = 'http://elsewhere.test/x.png'",
    expect: /another origin: http:\/\/elsewhere\.test/,
  },
  {
    name: 'a beacon to another origin',
    script: "navigator.sendBeacon('http://elsewhere.test/x', 'data')",
    expect: /another origin: http:\/\/elsewhere\.test/,
  },
  {
    name: 'a socket',
    script: "new WebSocket('ws://elsewhere.test/x').onerror = () => 0",
    expect: /^socket to ws:\/\/elsewhere\.test/,
  },
  { name: 'a missing file', script: "void fetch('/missing.js')", expect: /^console error: .*404/ },
  {
    name: 'an error on the console of a worker',
    script: 'new Worker(URL.createObjectURL(new Blob(["console.error(\'planted\')"])))',
    expect: /planted/,
  },
  {
    name: 'an uncaught error in a worker',
    script: 'new Worker(URL.createObjectURL(new Blob(["throw new Error(\'planted\')"])))',
    expect: /planted/,
  },
  {
    name: 'a request to another origin by a worker',
    script:
      'new Worker(URL.createObjectURL(new Blob(["fetch(\'http://elsewhere.test/x\').catch(() => 0)"])))',
    expect: /another origin: http:\/\/elsewhere\.test/,
  },
];

for (const { name, script, expect: pattern } of PLANTED) {
  test(`the watch reports ${name}`, async ({ page }) => {
    const faults = watchPage(page, [ORIGIN]);
    await openPlanted(page, script);
    await expect.poll(() => faults.join('\n')).toMatch(pattern);
  });
}

test('the watch is quiet on a page without faults', async ({ page }) => {
  const faults = watchPage(page, [ORIGIN]);
  await openPlanted(
    page,
    "console.log('fine'); void fetch('/data'); new Image().src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw='",
  );
  await page.waitForTimeout(500);
  expect(faults).toEqual([]);
});

/** Serves the planted page, and every other address, from memory: nothing of this reaches a network. */
async function openPlanted(page: Page, script: string): Promise<void> {
  await page.context().route('**/*', (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === '/') {
      return route.fulfill({
        contentType: 'text/html',
        body: `<!doctype html><link rel="icon" href="data:,"><script>${script}</script>`,
      });
    }
    if (pathname === '/missing.js') return route.fulfill({ status: 404, body: '' });
    return route.fulfill({
      contentType: 'text/plain',
      headers: { 'access-control-allow-origin': '*' },
      body: 'x',
    });
  });
  await page.goto(`${ORIGIN}/`);
}
