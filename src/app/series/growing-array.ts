/** An append-only list of float64 that doubles its memory when full; 8 bytes per value and no boxed numbers. */
export class GrowingArray {
  #data = new Float64Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#data.length) {
      const larger = new Float64Array(this.#data.length * 2);
      larger.set(this.#data);
      this.#data = larger;
    }
    this.#data[this.#length] = value;
    this.#length += 1;
  }

  /** The last value; NaN when there is none. */
  get last(): number {
    return this.#length === 0 ? NaN : (this.#data[this.#length - 1] ?? NaN);
  }

  /** The values so far, without a copy: valid until the next `push` or `truncate`, and not to be written to. */
  view(): Float64Array {
    return this.#data.subarray(0, this.#length);
  }

  /** Forgets all but the first `length` values. */
  truncate(length: number): void {
    this.#length = Math.max(0, Math.min(this.#length, Math.floor(length)));
  }
}

/** The first position in ascending `values` whose value is ≥ `wanted`; `values.length` when there is none. */
export function lowerBound(values: Float64Array, wanted: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? NaN) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The position whose value is nearest to `wanted` in ascending `values`; −1 when there is none. */
export function nearestIndex(values: Float64Array, wanted: number): number {
  const after = lowerBound(values, wanted);
  if (after === 0) return values.length === 0 ? -1 : 0;
  if (after === values.length) return after - 1;
  const before = after - 1;
  return wanted - (values[before] ?? NaN) <= (values[after] ?? NaN) - wanted ? before : after;
}
