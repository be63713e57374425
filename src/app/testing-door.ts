import type { EngineClient } from '../worker/protocol.ts';
import type { AppServices } from './store/store-context.tsx';

/** An engine client that knows how many of its calls are unanswered. */
export interface CountingClient extends EngineClient {
  readonly pendingCalls: number;
}

/** Wraps a client so that unanswered calls are counted. */
export function countCalls(client: EngineClient): CountingClient {
  let pendingCalls = 0;
  return {
    get pendingCalls() {
      return pendingCalls;
    },
    async call(command, request) {
      pendingCalls += 1;
      try {
        return await client.call(command, request);
      } finally {
        pendingCalls -= 1;
      }
    },
    on: (event, listener) => client.on(event, listener),
    dispose: () => client.dispose(),
  };
}

declare global {
  interface Window {
    /** Only with `?testing=1`. */
    anchorage?: { waitForIdle(): Promise<void> };
  }
}

const nextFrame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));

/**
 * Under `?testing=1`, lets end-to-end tests wait until no command, picture or frame is outstanding instead of sleeping.
 * A run that is under way does not count: it sends events, and answers no command late.
 */
export function openTestingDoor(services: AppServices & { readonly client: CountingClient }): void {
  if (!new URLSearchParams(location.search).has('testing')) return;
  const busy = (): boolean =>
    services.client.pendingCalls > 0 || services.images.loading || services.pictures.pending > 0;
  window.anchorage = {
    async waitForIdle() {
      let quietFrames = 0;
      while (quietFrames < 3) {
        await nextFrame();
        quietFrames = busy() ? 0 : quietFrames + 1;
      }
    },
  };
}
