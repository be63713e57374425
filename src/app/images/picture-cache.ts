import { type ErrorDetails, errorDetails } from '../../base/errors.ts';
import type { EngineClient, Picture } from '../../worker/protocol.ts';

export type PictureState =
  | { readonly status: 'loading' }
  | { readonly status: 'ready'; readonly picture: Picture }
  | { readonly status: 'failed'; readonly error: ErrorDetails };

const LOADING: PictureState = { status: 'loading' };
const BYTES_KEPT = 192 * 1024 * 1024;
const AT_ONCE = 4;

/**
 * Decoded pictures by image and size. The newest request is served first (the user scrolled on), a request that nobody
 * watches any more is dropped, and the longest unused bitmaps are closed when the budget is full.
 */
export class PictureCache {
  readonly #client: EngineClient;
  readonly #entries = new Map<string, PictureState>();
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #waiting: string[] = [];
  #underWay = 0;
  #bytes = 0;
  #generation = 0;

  constructor(client: EngineClient) {
    this.#client = client;
  }

  /** Requests that are queued or under way (for `waitForIdle`). */
  get pending(): number {
    return this.#underWay + this.#waiting.length;
  }

  /** The present state; a picture that nobody asked for yet is `loading`. */
  peek(index: number, maxSide: number): PictureState {
    return this.#entries.get(keyOf(index, maxSide)) ?? LOADING;
  }

  /** Asks for the picture and calls `listener` when its state changes. Returns the function that stops watching. */
  watch(index: number, maxSide: number, listener: () => void): () => void {
    const key = keyOf(index, maxSide);
    const watchers = this.#watchers.get(key) ?? new Set();
    watchers.add(listener);
    this.#watchers.set(key, watchers);
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      this.#waiting.push(key);
      this.#serve();
    } else {
      // Moves the entry to the young end.
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return () => {
      watchers.delete(listener);
      if (watchers.size === 0 && this.#watchers.get(key) === watchers) this.#watchers.delete(key);
    };
  }

  /** Closes everything: another dataset was opened. */
  clear(): void {
    this.#generation += 1;
    this.#waiting.length = 0;
    for (const entry of this.#entries.values()) close(entry);
    this.#entries.clear();
    this.#bytes = 0;
    for (const key of this.#watchers.keys()) this.#waiting.push(key);
    this.#serve();
  }

  #serve(): void {
    while (this.#underWay < AT_ONCE) {
      const key = this.#waiting.pop();
      if (key === undefined) return;
      if (!this.#watchers.has(key) || this.#entries.has(key)) continue;
      this.#underWay += 1;
      this.#entries.set(key, LOADING);
      void this.#load(key).finally(() => {
        this.#underWay -= 1;
        this.#serve();
      });
    }
  }

  async #load(key: string): Promise<void> {
    const generation = this.#generation;
    const [index = 0, maxSide = 0] = key.split('@').map(Number);
    let state: PictureState;
    try {
      state = {
        status: 'ready',
        picture: await this.#client.call('getPicture', { index, maxSide }),
      };
    } catch (error) {
      state = { status: 'failed', error: errorDetails(error) };
    }
    if (generation !== this.#generation) {
      close(state);
      return;
    }
    this.#entries.set(key, state);
    this.#bytes += bytesOf(state);
    this.#evict();
    for (const listener of this.#watchers.get(key) ?? []) listener();
  }

  #evict(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#bytes <= BYTES_KEPT) return;
      if (entry.status !== 'ready' || this.#watchers.has(key)) continue;
      this.#entries.delete(key);
      this.#bytes -= bytesOf(entry);
      close(entry);
    }
  }
}

function keyOf(index: number, maxSide: number): string {
  return `${index}@${maxSide}`;
}

function bytesOf(state: PictureState): number {
  return state.status === 'ready'
    ? state.picture.bitmap.width * state.picture.bitmap.height * 4
    : 0;
}

function close(state: PictureState): void {
  if (state.status === 'ready') state.picture.bitmap.close();
}
