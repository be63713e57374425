import { test as unwatched } from '@playwright/test';
import type { Page } from '@playwright/test';
import { DIST } from '../scripts/built-app.ts';
import { serveFolder } from '../scripts/static-server.ts';
import { POLICY } from '../scripts/vite-content-security-policy.ts';
import { expect, test } from './fixtures.ts';

/** What the engine's worker found, as its chip and the report behind it say: proof that the worker runs on a device. */
async function expectDevice(page: Page): Promise<void> {
  const chip = page.getByRole('button', { name: /^Graphics device:/ });
  await expect(chip).toHaveAccessibleName(/Software GPU/, { timeout: 60_000 });
  await chip.click();
  await expect(page.getByText(/swiftshader/i).first()).toBeVisible();
}

test('the page opens and names the adapter it computes on', async ({ page, appUrl }) => {
  await page.goto(appUrl);
  await expect(page).toHaveTitle(/Anchorage/);
  await expectDevice(page);
});

test('the page works from a sub-path of a static host', async ({ page, subPathUrl }) => {
  await page.goto(subPathUrl);
  await expectDevice(page);
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
