import { cleanup, render } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { afterEach, beforeEach, vi } from 'vitest';
import { FakeEngine, type FakeScript } from '../../worker/fake-engine.ts';
import { App } from '../app.tsx';
import { applyLanguage } from '../i18n/i18n.ts';
import { createServices } from '../mount-app.tsx';
import type { AppServices } from '../store/store-context.tsx';
import { syncHash } from '../url/sync-hash.ts';

export interface RenderedApp {
  readonly engine: FakeEngine;
  readonly services: AppServices;
  readonly user: ReturnType<typeof userEvent.setup>;
}

const undo: (() => void)[] = [];

/** A bitmap without pixels: happy-dom has no canvas, and closing is all that a test can look at. */
function fakeBitmap(width: number, height: number): ImageBitmap {
  return { width, height, close: vi.fn() };
}

/** Renders the whole app over a fake engine. The language is English unless `language` was kept before. */
export function renderApp(script: Partial<FakeScript> = {}): RenderedApp {
  const engine = new FakeEngine({
    toBitmap: ({ width, height }) => Promise.resolve(fakeBitmap(width, height)),
    ...script,
  });
  const services = createServices(engine);
  const { store } = services;
  applyLanguage(store.getState().language);
  undo.push(
    store.subscribe((state) => applyLanguage(state.language)),
    syncHash(store),
    () => services.dispose(),
  );
  void store.getState().connectEngine();
  render(<App services={services} />);
  return { engine, services, user: userEvent.setup() };
}

/** A window of 1200 × 800 with layout enough for the virtual grid; storage and address start empty. Call it in each test file. */
export function setUpTestWindow(): void {
  beforeEach(() => {
    localStorage.clear();
    history.replaceState(null, '', '/');
    const rect = {
      width: 1000,
      height: 700,
      top: 0,
      left: 0,
      right: 1000,
      bottom: 700,
      x: 0,
      y: 0,
    };
    vi.stubGlobal(
      'ResizeObserver',
      class {
        readonly #listener: ResizeObserverCallback;
        constructor(listener: ResizeObserverCallback) {
          this.#listener = listener;
        }
        observe(target: Element): void {
          const entry = {
            target,
            contentRect: rect,
            borderBoxSize: [{ inlineSize: 1000, blockSize: 700 }],
          };
          this.#listener(
            [entry as unknown as ResizeObserverEntry],
            this as unknown as ResizeObserver,
          );
        }
        unobserve(): void {}
        disconnect(): void {}
      },
    );
    vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(1000);
    vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(700);
    vi.stubGlobal('createImageBitmap', (source: { width?: number; height?: number }) =>
      Promise.resolve(fakeBitmap(source.width ?? 64, source.height ?? 64)),
    );
  });
  afterEach(() => {
    cleanup();
    for (const one of undo.splice(0)) one();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });
}
