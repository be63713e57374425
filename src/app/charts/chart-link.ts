/**
 * What the charts of one view share: the visible range and the position under the pointer, both in units of the x axis.
 * Outside React, because both change many times a second.
 */
export class ChartLink {
  readonly #listeners = new Set<() => void>();
  #range: readonly [number, number] | null = null;
  #hover: number | null = null;

  /** Null = everything, also what arrives later. */
  get range(): readonly [number, number] | null {
    return this.#range;
  }
  get hover(): number | null {
    return this.#hover;
  }

  zoomTo(range: readonly [number, number] | null): void {
    if (range?.[0] === this.#range?.[0] && range?.[1] === this.#range?.[1]) return;
    this.#range = range;
    this.#changed();
  }

  hoverAt(x: number | null): void {
    if (x === this.#hover) return;
    this.#hover = x;
    this.#changed();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
