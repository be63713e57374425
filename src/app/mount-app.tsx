import { createRoot } from 'react-dom/client';
import type { EngineClient } from '../worker/protocol.ts';
import { App } from './app.tsx';
import { applyLanguage } from './i18n/i18n.ts';
import { ImageIndex } from './images/image-index.ts';
import { PictureCache } from './images/picture-cache.ts';
import { RunHistory } from './series/run-history.ts';
import { followDataset } from './store/follow-dataset.ts';
import { createAppStore } from './store/store.ts';
import type { AppServices } from './store/store-context.tsx';
import { countCalls, openTestingDoor } from './testing-door.ts';
import { applyTheme, watchSystemTheme } from './theme/theme.ts';
import './theme/tokens.css';
import './theme/base.css';
import { syncHash } from './url/sync-hash.ts';

/** Makes the store and what hangs on it. Separate from mounting, so that tests can render parts of the app on it. */
export function createServices(client: EngineClient): AppServices & { dispose(): void } {
  const store = createAppStore(client);
  const images = new ImageIndex(client);
  const pictures = new PictureCache(client);
  const history = new RunHistory(client);
  const stopFollowing = followDataset(store);
  const stop = store.subscribe((state, before) => {
    const { dataset, split } = state;
    if (dataset === before.dataset && split === before.split) return;
    if (dataset !== before.dataset) {
      pictures.clear();
      images.clear();
    }
    if (dataset !== null) {
      void images.load(split, split === '' ? dataset.numImages : (dataset.splits[split] ?? 0));
    }
  });
  return {
    store,
    client,
    images,
    pictures,
    history,
    dispose() {
      stop();
      stopFollowing();
      pictures.clear();
      client.dispose();
    },
  };
}

/** Starts the app in `root` over an engine. Returns its services. */
export function mountApp(root: HTMLElement, engine: EngineClient): AppServices {
  const client = countCalls(engine);
  const services = { ...createServices(client), client };
  const { store } = services;
  const follow = (): void => {
    applyTheme(store.getState().theme);
    applyLanguage(store.getState().language);
  };
  store.subscribe((state, before) => {
    if (state.theme !== before.theme || state.language !== before.language) follow();
  });
  watchSystemTheme(follow);
  follow();
  openTestingDoor(services);
  void store.getState().connectEngine();
  syncHash(store);
  createRoot(root).render(<App services={services} />);
  return services;
}
