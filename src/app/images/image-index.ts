import { type ErrorDetails, errorDetails, UserError } from '../../base/errors.ts';
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
  #dataset = 0;
  #hasAll = false;
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
    this.#dataset += 1;
    this.#hasAll = false;
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
        if (images.length === 0) throw endedEarly(offset, total);
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
    const dataset = this.#dataset;
    const { images } = await this.#client.call('listImages', {
      split: '',
      offset: index,
      count: 1,
    });
    if (dataset !== this.#dataset) return;
    this.#take(images);
    this.#changed();
  }

  /**
   * Fetches all images of the dataset, whatever split is shown, so that any of them can be found by name. A failure shows
   * as `error`.
   */
  async ensureAll(total: number): Promise<void> {
    if (this.#hasAll || total === 0) return;
    this.#hasAll = true;
    const dataset = this.#dataset;
    try {
      for (let offset = 0; offset < total; offset += PAGE) {
        const count = Math.min(PAGE, total - offset);
        const { images } = await this.#client.call('listImages', { split: '', offset, count });
        if (dataset !== this.#dataset) return;
        this.#take(images);
      }
    } catch (error) {
      if (dataset !== this.#dataset) return;
      this.#hasAll = false;
      this.#error = errorDetails(error);
    }
    this.#changed();
  }

  /** The image that a label or image file belongs to: by its whole path, else by its name without folder and ending. */
  findByFile(file: string): ImageInfo | undefined {
    const stem = stemOf(file);
    let byStem: ImageInfo | undefined;
    for (const image of this.#byIndex.values()) {
      if (image.path === file) return image;
      if (stemOf(image.path) === stem || image.name === stem) byStem ??= image;
    }
    return byStem;
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

function endedEarly(offset: number, total: number): UserError {
  return new UserError({
    code: 'image-list-short',
    what: `The list of images ended at ${offset} of ${total}.`,
    action: 'Open the dataset again.',
  });
}

/** `a` of `Annotations/a.xml`. */
function stemOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.[^.]+$/u, '');
}
