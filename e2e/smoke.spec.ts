import { test as unwatched } from '@playwright/test';
import type { Locator, Page } from '@playwright/test';
import { DIST } from '../scripts/built-app.ts';
import { serveFolder } from '../scripts/static-server.ts';
import { POLICY } from '../scripts/vite-content-security-policy.ts';
import { expect, test } from './fixtures.ts';

/** The chip that names the adapter, as the engine's worker found it: proof that the worker runs and has a device. */
function deviceChip(page: Page): Locator {
  return page.getByRole('button', { name: /^Graphics device: .*swiftshader/i });
}

test('the page opens and names the adapter it computes on', async ({ page, appUrl }) => {
  await page.goto(appUrl);
  await expect(page).toHaveTitle(/Anchorage/);
  await expect(deviceChip(page)).toBeVisible({ timeout: 60_000 });
});

test('the page works from a sub-path of a static host', async ({ page, subPathUrl }) => {
  await page.goto(subPathUrl);
  await expect(deviceChip(page)).toBeVisible({ timeout: 60_000 });
});

unwatched('the page itself forbids every other origin', async ({ page }) => {
  const server = await serveFolder(DIST, { port: 0 });
  await page.goto(server.url);
  const policy = await page
    .locator('meta[http-equiv="Content-Security-Policy"]')
    .getAttribute('content');
  expect(policy).toContain(`connect-src ${POLICY['connect-src']}`);
  // Routed to an answer, so that only the policy can stop it.
  await page.route('http://elsewhere.test/**', (route) =>
    route.fulfill({ headers: { 'access-control-allow-origin': '*' }, body: 'x' }),
  );
  const blocked = await page.evaluate(async () => {
    const violation = new Promise<string>((resolve) => {
      document.addEventListener('securitypolicyviolation', (event) => {
        resolve(event.effectiveDirective);
      });
    });
    const answer = await fetch('http://elsewhere.test/x').then(
      () => 'sent',
      () => 'refused',
    );
    return { answer, directive: answer === 'refused' ? await violation : '' };
  });
  expect(blocked).toEqual({ answer: 'refused', directive: 'connect-src' });
  await server.close();
});
