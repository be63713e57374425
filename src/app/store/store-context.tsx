import { createContext, type ReactNode, useContext } from 'react';
import { useStore as useZustand } from 'zustand';
import type { EngineClient } from '../../worker/protocol.ts';
import type { ImageIndex } from '../images/image-index.ts';
import type { PictureCache } from '../images/picture-cache.ts';
import type { RunHistory } from '../series/run-history.ts';
import type { AppState, AppStore } from './store.ts';

/** What every component can reach: the store, and the things too large or too fast to be in it. */
export interface AppServices {
  readonly store: AppStore;
  readonly client: EngineClient;
  readonly images: ImageIndex;
  readonly pictures: PictureCache;
  /** Metrics, previews and log of the runs of this visit. */
  readonly history: RunHistory;
}

const ServicesContext = createContext<AppServices | null>(null);

export function AppServicesProvider(props: {
  readonly services: AppServices;
  readonly children: ReactNode;
}): ReactNode {
  return <ServicesContext value={props.services}>{props.children}</ServicesContext>;
}

/** The services of the app. Throws outside the provider. */
export function useServices(): AppServices {
  const services = useContext(ServicesContext);
  if (services === null)
    throw new Error('useServices: no AppServicesProvider above this component');
  return services;
}

/** Reads from the store: `const run = useStore(selectRun)`. Wrap selectors that build objects in `useShallow`. */
export function useStore<T>(selector: (state: AppState) => T): T {
  return useZustand(useServices().store, selector);
}
