/**
 * Renders every view in every state to `gallery/*.png` and looks at each with axe. `npm run gallery` renders all views
 * wide-light-en and narrow-dark-zh; `-- --all` renders both widths × both themes × both languages; names filter the states
 * (`-- data predict-`). Ends with an error on any axe violation, page error or state that does not get ready.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, chromium, type Page } from 'playwright';
import { build } from 'vite';
import { STATE_IDS, type StateId } from '../e2e/views/state-ids.ts';
import { chromiumArgs, ensureChromium } from './chromium.ts';
import { serveFolder } from './static-server.ts';

interface Variant {
  readonly width: 'wide' | 'narrow';
  readonly theme: 'light' | 'dark';
  readonly language: 'en' | 'zh-Hans';
}

const ROOT = join(import.meta.dirname, '..');
const OUT = join(ROOT, 'gallery');
const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } } as const;
const USUAL: readonly Variant[] = [
  { width: 'wide', theme: 'light', language: 'en' },
  { width: 'narrow', theme: 'dark', language: 'zh-Hans' },
];
const ALL: readonly Variant[] = (['wide', 'narrow'] as const).flatMap((width) =>
  (['light', 'dark'] as const).flatMap((theme) =>
    (['en', 'zh-Hans'] as const).map((language) => ({ width, theme, language })),
  ),
);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false },
  },
});
const states = STATE_IDS.filter(
  (id) => positionals.length === 0 || positionals.some((part) => id.startsWith(part)),
);
if (states.length === 0) throw new Error(`no state begins with ${positionals.join(' or ')}`);

if (!values['no-build']) await build({ root: ROOT, mode: 'gallery', logLevel: 'warn' });
const server = await serveFolder(join(ROOT, 'dist-gallery'), { port: 0 });
const browser = await chromium.launch({ executablePath: ensureChromium(), args: chromiumArgs() });
const problems: string[] = [];
const made: string[] = [];
try {
  if (positionals.length === 0) rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  for (const variant of values.all ? ALL : USUAL) {
    for (const state of states) problems.push(...(await render(browser, state, variant)));
  }
} finally {
  await browser.close();
  await server.close();
}
writeIndex();
for (const problem of problems) console.error(problem);
console.log(`${made.length} views in ${OUT}, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Renders one state; returns what is wrong with it. */
async function render(from: Browser, state: StateId, variant: Variant): Promise<string[]> {
  const name = `${state}.${variant.width}-${variant.theme}-${variant.language}`;
  const context = await from.newContext({
    viewport: SIZES[variant.width],
    hasTouch: variant.width === 'narrow',
    reducedMotion: 'reduce',
    colorScheme: variant.theme,
    locale: variant.language === 'en' ? 'en-US' : 'zh-CN',
  });
  const found: string[] = [];
  const page = await context.newPage();
  page.on('pageerror', (error) => found.push(`${name}: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') found.push(`${name}: console: ${message.text()}`);
  });
  try {
    const query = new URLSearchParams({ state, lang: variant.language, theme: variant.theme });
    await page.goto(`${server.url}gallery.html?${query.toString()}`);
    await page.waitForSelector('html[data-ready]', { timeout: 90_000 });
    await page.screenshot({ path: join(OUT, `${name}.png`) });
    made.push(name);
    found.push(...(await checkAccess(page, name)));
    found.push(...(await checkWidth(page, name)));
  } catch (error) {
    found.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  await context.close();
  return found;
}

async function checkAccess(page: Page, name: string): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(
    ({ id, help, nodes }) =>
      `${name}: axe ${id}: ${help}\n${nodes
        .slice(0, 3)
        .map(
          ({ html, failureSummary }) =>
            `    ${html.slice(0, 160)}\n      ${(failureSummary ?? '').replaceAll('\n', ' ')}`,
        )
        .join('\n')}`,
  );
}

/** Nothing may stick out to the side: the page itself never scrolls. */
async function checkWidth(page: Page, name: string): Promise<string[]> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  return over > 0 ? [`${name}: ${over} px wider than the window`] : [];
}

/** A page that shows all screenshots side by side. */
function writeIndex(): void {
  const cards = made.map(
    (name) =>
      `<figure><a href="${name}.png"><img loading="lazy" src="${name}.png" alt=""></a><figcaption>${name}</figcaption></figure>`,
  );
  const style =
    'body{font:13px system-ui;margin:16px;display:flex;flex-wrap:wrap;gap:16px}figure{margin:0}img{height:320px;border:1px solid #ccc}';
  writeFileSync(
    join(OUT, 'index.html'),
    `<!doctype html><meta charset="utf-8"><title>Anchorage gallery</title><style>${style}</style>${cards.join('\n')}`,
  );
}
