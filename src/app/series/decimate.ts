import { lowerBound } from './growing-array.ts';

export interface Decimated {
  /** [x, y] in order; `y` is NaN at a gap, where the line must break. */
  readonly points: [number, number][];
  /** Points with a finite value inside the range, and how many of them are drawn. */
  readonly total: number;
  readonly drawn: number;
}

/**
 * Thins a line to at most six points per bucket (two of them gaps), one bucket per pixel: the first, the lowest, the highest and the
 * last point of each, so that the drawn line covers the same pixels and no spike is lost. Values that are not finite
 * break the line where they are. `x` ascends; `range` is in units of `x`; one point beyond each end is kept, so that the
 * line reaches the edge. Up to `4 × buckets` points pass unchanged.
 */
export function decimate(
  x: Float64Array,
  y: Float64Array,
  range: readonly [number, number],
  buckets: number,
): Decimated {
  const start = Math.max(0, lowerBound(x, range[0]) - 1);
  const beyond = lowerBound(x, range[1]);
  const end = Math.min(x.length, y.length, beyond + 1);
  const points: [number, number][] = [];
  const wanted = Math.max(1, Math.floor(buckets));
  if (end - start <= 4 * wanted) {
    for (let i = start; i < end; i += 1) add(points, x[i], y[i]);
    const total = countFinite(y, start, end);
    return { points, total, drawn: total };
  }
  const low = x[start] ?? 0;
  const width = ((x[end - 1] ?? 0) - low) / wanted;
  let total = 0;
  for (let i = start; i < end;) {
    // Floating point may put the last point just past the last bucket.
    const bucket = Math.min(wanted - 1, Math.floor(((x[i] ?? 0) - low) / width));
    let next = i + 1;
    while (
      next < end &&
      (bucket === wanted - 1 || Math.floor(((x[next] ?? 0) - low) / width) <= bucket)
    )
      next += 1;
    total += addBucket(points, { x, y }, i, next);
    i = next;
  }
  return { points, total, drawn: points.reduce((n, [, value]) => n + (finite(value) ? 1 : 0), 0) };
}

/** Adds the telling points of rows `start … end − 1` and returns how many of those are finite. */
function addBucket(
  points: [number, number][],
  { x, y }: { readonly x: Float64Array; readonly y: Float64Array },
  start: number,
  end: number,
): number {
  const keep = new Set<number>();
  let count = 0;
  let first = -1;
  let last = -1;
  let lowest = -1;
  let highest = -1;
  let firstGap = -1;
  let lastGap = -1;
  for (let i = start; i < end; i += 1) {
    const value = y[i] ?? NaN;
    if (!finite(value)) {
      if (firstGap < 0) firstGap = i;
      lastGap = i;
      continue;
    }
    count += 1;
    if (first < 0) first = i;
    last = i;
    if (lowest < 0 || value < (y[lowest] ?? NaN)) lowest = i;
    if (highest < 0 || value > (y[highest] ?? NaN)) highest = i;
  }
  // Of many gaps inside one pixel two are enough: one towards each neighbour.
  for (const i of [first, lowest, highest, last, firstGap, lastGap]) if (i >= 0) keep.add(i);
  for (const i of [...keep].sort((a, b) => a - b)) add(points, x[i], y[i]);
  return count;
}

function add(points: [number, number][], x: number | undefined, y: number | undefined): void {
  if (x !== undefined) points.push([x, y !== undefined && finite(y) ? y : NaN]);
}

function finite(value: number): boolean {
  return Number.isFinite(value);
}

function countFinite(y: Float64Array, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; i += 1) if (finite(y[i] ?? NaN)) count += 1;
  return count;
}
