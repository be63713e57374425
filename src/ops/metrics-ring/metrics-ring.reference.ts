/** Slow twin of MetricsRing: rows of numbers in the order of their arrival, taken all at once. */
export class MetricsRingReference {
  readonly rows: number;
  readonly columns: number;
  #taken: number[] = [];

  constructor(rows: number, columns: number) {
    this.rows = rows;
    this.columns = columns;
  }

  push(values: readonly number[]): void {
    if (this.#taken.length === this.rows * this.columns) throw new Error('full');
    if (values.length !== this.columns) throw new Error('columns');
    this.#taken.push(...values);
  }

  take(): readonly number[] {
    const rows = this.#taken;
    this.#taken = [];
    return rows;
  }
}
