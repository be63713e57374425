import type { MetricsBatch } from '../../worker/protocol.ts';
import { Ema } from './ema.ts';
import { GrowingArray } from './growing-array.ts';

/** What a line is drawn against. */
export type XKind = 'iter' | 'epoch' | 'time';

interface Smoothed {
  readonly ema: Ema;
  readonly values: GrowingArray;
}

/**
 * Every metric of one run, one row per logged iteration, kept outside the store. Rows ascend by iteration; a column that
 * a row lacks holds NaN there. `version` grows with every change, so that charts know when to draw.
 */
export class RunSeries {
  readonly runId: string;
  readonly #iters = new GrowingArray();
  readonly #elapsed = new GrowingArray();
  readonly #columns = new Map<string, GrowingArray>();
  readonly #smoothed = new Map<string, Smoothed>();
  #version = 0;

  constructor(runId: string) {
    this.runId = runId;
  }

  get version(): number {
    return this.#version;
  }
  /** Number of rows. */
  get length(): number {
    return this.#iters.length;
  }
  /** MMEngine's names, in the order in which they first came. */
  get keys(): readonly string[] {
    return [...this.#columns.keys()];
  }
  /** [rows] iteration numbers, ascending. */
  get iters(): Float64Array {
    return this.#iters.view();
  }
  /**
   * [rows] seconds of training up to each row, by the column `time` (mean seconds per iteration since the row before):
   * pauses do not count. All NaN when the run does not log `time`.
   */
  get elapsed(): Float64Array {
    return this.#elapsed.view();
  }

  /** [rows] one metric; empty when the run has none of that name. Not to be written to. */
  column(key: string): Float64Array {
    return this.#columns.get(key)?.view() ?? new Float64Array(0);
  }

  /**
   * Adds rows. A row whose iteration is already there replaces it and everything after it: the run went back to an
   * earlier checkpoint and makes those steps anew.
   */
  append(batch: Pick<MetricsBatch, 'keys' | 'iters' | 'values'>): void {
    const { keys, iters, values } = batch;
    if (iters.length === 0) return;
    const first = iters[0] ?? 0;
    if (first <= this.#iters.last) this.#rewind(first);
    for (const key of keys) {
      if (!this.#columns.has(key)) this.#columns.set(key, filled(this.length));
    }
    const timeAt = keys.indexOf('time');
    iters.forEach((iter, row) => {
      const since = iter - (this.length === 0 ? 0 : this.#iters.last);
      const time = timeAt < 0 ? NaN : (values[row * keys.length + timeAt] ?? NaN);
      this.#elapsed.push(timeAfter(this.#elapsed.last, time * since));
      this.#iters.push(iter);
      keys.forEach((key, column) => {
        this.#columns.get(key)?.push(values[row * keys.length + column] ?? NaN);
      });
    });
    for (const column of this.#columns.values()) {
      while (column.length < this.length) column.push(NaN);
    }
    this.#version += 1;
  }

  /** A metric smoothed by {@link Ema}, as long as the column. Only the rows since the last call are computed. */
  smoothed(key: string, weight: number): Float64Array {
    const column = this.column(key);
    if (weight === 0) return column;
    let kept = this.#smoothed.get(key);
    if (kept === undefined || kept.ema.weight !== weight) {
      kept = { ema: new Ema(weight), values: new GrowingArray() };
      this.#smoothed.set(key, kept);
    }
    for (let i = kept.values.length; i < column.length; i += 1) {
      kept.values.push(kept.ema.next(column[i] ?? NaN));
    }
    return kept.values.view();
  }

  #rewind(iter: number): void {
    const rows = this.#iters.view().findIndex((known) => known >= iter);
    this.#iters.truncate(rows);
    this.#elapsed.truncate(rows);
    for (const column of this.#columns.values()) column.truncate(rows);
    this.#smoothed.clear();
  }
}

/** One row without a time does not make the rest unknown. */
function timeAfter(before: number, spent: number): number {
  if (Number.isNaN(before)) return spent;
  return Number.isNaN(spent) ? before : before + spent;
}

function filled(length: number): GrowingArray {
  const column = new GrowingArray();
  for (let i = 0; i < length; i += 1) column.push(NaN);
  return column;
}

/** The first row at which a metric is not a finite number, or null: what a failed run stumbled over. */
export function firstNonFinite(
  series: RunSeries,
  keys: readonly string[],
): { readonly key: string; readonly iter: number; readonly value: number } | null {
  let best: { key: string; iter: number; value: number } | null = null;
  for (const key of keys) {
    const column = series.column(key);
    const row = column.findIndex((value) => !Number.isFinite(value));
    const iter = series.iters[row];
    if (iter === undefined || (best !== null && iter >= best.iter)) continue;
    best = { key, iter, value: column[row] ?? NaN };
  }
  return best;
}
