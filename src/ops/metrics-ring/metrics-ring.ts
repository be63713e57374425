import { emptyTensor, runKernel } from '../../tensor/kernel.ts';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { metricsRingKernel } from './metrics-ring.wgsl.ts';

/** WebGPU promises 8 storage buffers per stage; one is the ring. */
const MOST_COLUMNS = 7;

/**
 * Metrics that stay on the GPU until somebody asks: each step writes a row, and one asynchronous read brings many rows.
 */
export class MetricsRing {
  readonly rows: number;
  readonly columns: number;
  readonly #ring: Tensor;
  #used = 0;

  /** @param rows steps between two reads · @param columns values per step, at most 7 (storage buffers per stage) */
  constructor(rows: number, columns: number) {
    if (columns > MOST_COLUMNS)
      throw new Error(`MetricsRing: ${columns} columns, at most ${MOST_COLUMNS}`);
    this.rows = rows;
    this.columns = columns;
    this.#ring = tf.keep(emptyTensor([rows, columns]));
  }

  /** Rows written since the last {@link take}. */
  get used(): number {
    return this.#used;
  }

  get full(): boolean {
    return this.#used === this.rows;
  }

  /** Records one row. Throws when the ring is full: a row that nobody read would be lost. */
  push(values: readonly Tensor[]): void {
    if (this.full) throw new Error(`MetricsRing: ${this.rows} rows and none read`);
    if (values.length !== this.columns)
      throw new Error(`MetricsRing: ${this.columns} values wanted`);
    runKernel(
      metricsRingKernel(this.columns),
      [...values, this.#ring],
      { row: this.#used },
      [1, 1, 1],
    );
    this.#used += 1;
  }

  /** Rows since the last call, [used, columns]; the copy is recorded at once, so later rows may follow immediately. */
  async take(): Promise<Float32Array> {
    const count = this.#used * this.columns;
    this.#used = 0;
    return (await readTensor(this.#ring)).subarray(0, count);
  }

  dispose(): void {
    this.#ring.dispose();
  }
}
