import type { Detections, Preview } from '../../worker/protocol.ts';

export interface StoredPreview {
  readonly iter: number;
  readonly detections: Detections;
}

const STEPS_KEPT = 1024;

/**
 * The predictions on the pinned images over one run, by image. When there are many, every second of the older half is let
 * go, so that a long run keeps its whole course at a coarser grain.
 */
export class PreviewBook {
  readonly #kept: number;
  readonly #byImage = new Map<number, StoredPreview[]>();
  #iters: readonly number[] = [];

  constructor(kept: number = STEPS_KEPT) {
    this.#kept = Math.max(4, kept);
  }

  /** The iterations at which any image was predicted, ascending; another array after each change. */
  get iters(): readonly number[] {
    return this.#iters;
  }

  add({ imageIndex, iter, detections }: Preview): void {
    const list = this.#byImage.get(imageIndex) ?? [];
    const at = list.findIndex((stored) => stored.iter >= iter);
    const replaces = list[at]?.iter === iter ? 1 : 0;
    list.splice(at < 0 ? list.length : at, replaces, { iter, detections });
    this.#byImage.set(imageIndex, list);
    if (list.length > this.#kept) this.#thin(imageIndex, list);
    const all = [...this.#byImage.values()].flatMap((stored) => stored.map((one) => one.iter));
    this.#iters = [...new Set(all)].sort((a, b) => a - b);
  }

  /** What was predicted on an image at `iter` or last before it; undefined when nothing was yet. */
  at(imageIndex: number, iter: number): StoredPreview | undefined {
    return this.#byImage.get(imageIndex)?.findLast((stored) => stored.iter <= iter);
  }

  #thin(imageIndex: number, list: readonly StoredPreview[]): void {
    const half = list.length >> 1;
    this.#byImage.set(
      imageIndex,
      list.filter((_, i) => i >= half || i % 2 === 0),
    );
  }
}
