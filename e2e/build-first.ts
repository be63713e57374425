import { ensureBuilt } from '../scripts/built-app.ts';

/** Playwright's global set-up: journeys run against a build of the present source, never an old one. */
export default async function buildFirst(): Promise<void> {
  await ensureBuilt();
}
