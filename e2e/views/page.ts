/** One state of the gallery: `gallery.html?state=…&lang=…&theme=…`. `<html data-ready>` says when it may be looked at. */
import { mountApp } from '../../src/app/mount-app.tsx';
import { loadSampleArt } from '../../src/data/sample/sample-art.browser.ts';
import { createSampleDataset } from '../../src/data/sample/sample-dataset.ts';
import { FakeEngine } from '../../src/worker/fake-engine.ts';
import { STATE_IDS } from './state-ids.ts';
import { datasetOf, STATES, type Stage } from './states.ts';

const params = new URLSearchParams(location.search);
const id = STATE_IDS.find((known) => known === params.get('state')) ?? 'start';
const state = STATES[id];

const frame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));

/** Waits for something to become true, for three seconds at most. */
async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 3000;
  while (!condition() && performance.now() < end) await frame();
}

localStorage.setItem(
  'anchorage.settings',
  JSON.stringify({ language: params.get('lang') ?? 'en', theme: params.get('theme') ?? 'light' }),
);

const sample = await createSampleDataset({ seed: 0, loadArt: loadSampleArt });
const engine = new FakeEngine({ openDataset: () => datasetOf(state, sample), ...state.script });
const root = document.querySelector<HTMLElement>('#root');
if (root === null) throw new Error('gallery.html has no #root');
const services = mountApp(root, engine);

const stage: Stage = {
  services,
  engine,
  async settle() {
    // Panels are chunks of their own: what they ask for comes some frames after they are asked for.
    let quiet = 0;
    await until(() => {
      const busy =
        services.pictures.pending > 0 || document.querySelector('[data-panel-loading]') !== null;
      quiet = busy ? 0 : quiet + 1;
      return quiet > 12;
    });
  },
  async click(selector) {
    await until(() => document.querySelector(selector) !== null);
    const element = document.querySelector<HTMLElement>(selector);
    if (element === null) throw new Error(`nothing to click: ${selector}`);
    element.click();
    await frame();
  },
};

await until(
  () => services.store.getState().device !== null || services.store.getState().engineError !== null,
);
if (state.data === 'sample')
  await services.store.getState().openDataset({ kind: 'sample', seed: 0 });
if (state.data === 'labels')
  await services.store.getState().openDataset({ kind: 'files', name: 'street', files: [] });
await stage.settle();
await state.drive?.(stage);
await stage.settle();
document.documentElement.dataset['ready'] = 'true';
