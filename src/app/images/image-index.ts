import { type ErrorDetails, errorDetails } from '../../base/errors.ts';
import type { EngineClient, ImageInfo } from '../../worker/protocol.ts';

const PAGE = 1000;

/**
 * Names and boxes of the images of one split, fetched page by page in the background; usable while more arrives. Kept
 * outside the store because it holds typed arrays, and up to a hundred thousand entries.
 */
export class ImageIndex {
  readonly #client: EngineClient;
  readonly #listeners = new Set<() => void>();
  #list: ImageInfo[] = [];
  #byIndex = new Map<number, ImageInfo>();
  #total = 0;
  #version = 0;
  #generation = 0;
  #loading = false;
  #error: ErrorDetails | null = null;

  constructor(client: EngineClient) {
    this.#client = client;
  }

  /** Grows with every page; for `useSyncExternalStore`. */
  get version(): number {
    return this.#version;
  }
  get loading(): boolean {
    return this.#loading;
  }
  get total(): number {
    return this.#total;
  }
  get error(): ErrorDetails | null {
    return this.#error;
  }
  /** The images so far, in the split's order. */
  get list(): readonly ImageInfo[] {
    return this.#list;
  }

  /** An image by its dataset-wide index, when it was fetched. */
  find(index: number): ImageInfo | undefined {
    return this.#byIndex.get(index);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** Forgets everything: another dataset was opened, or none is open. */
  clear(): void {
    this.#byIndex = new Map();
    this.#start(0);
    this.#loading = false;
    this.#changed();
  }

  /** Fetches a split (`''` = all images) of `total` images; an earlier fetch still under way is abandoned. */
  async load(split: string, total: number): Promise<void> {
    const generation = this.#start(total);
    this.#changed();
    try {
      for (let offset = 0; offset < total; offset += PAGE) {
        const count = Math.min(PAGE, total - offset);
        const { images } = await this.#client.call('listImages', { split, offset, count });
        if (generation !== this.#generation) return;
        this.#take(images);
        this.#list = [...this.#list, ...images];
        this.#changed();
      }
    } catch (error) {
      if (generation !== this.#generation) return;
      this.#error = errorDetails(error);
    }
    this.#loading = false;
    this.#changed();
  }

  /** Fetches one image of another split, so that an open picture has its name and boxes. */
  async ensure(index: number): Promise<void> {
    if (this.#byIndex.has(index)) return;
    const generation = this.#generation;
    const { images } = await this.#client.call('listImages', {
      split: '',
      offset: index,
      count: 1,
    });
    if (generation !== this.#generation) return;
    this.#take(images);
    this.#changed();
  }

  #start(total: number): number {
    this.#generation += 1;
    this.#list = [];
    this.#total = total;
    this.#error = null;
    this.#loading = total > 0;
    return this.#generation;
  }

  #take(images: readonly ImageInfo[]): void {
    for (const image of images) this.#byIndex.set(image.index, image);
  }

  #changed(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}
