import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { decimate } from './decimate.ts';
import { Ema } from './ema.ts';
import { GrowingArray, lowerBound, nearestIndex } from './growing-array.ts';
import { firstNonFinite, RunSeries } from './run-series.ts';

// Properties try a hundred inputs; on a busy machine that takes a while.
vi.setConfig({ testTimeout: 60_000 });

const finite = fc.double({ noNaN: true, min: -1e6, max: 1e6 });
const withGaps = fc.array(fc.oneof({ weight: 8, arbitrary: finite }, fc.constant(NaN)), {
  maxLength: 600,
});

function smooth(values: readonly number[], weight: number): number[] {
  const ema = new Ema(weight);
  return values.map((value) => ema.next(value));
}

describe('GrowingArray', () => {
  it('holds what was pushed, whatever its length', () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { maxLength: 3000 }), (values) => {
        const array = new GrowingArray();
        for (const value of values) array.push(value);
        expect([...array.view()]).toEqual(values);
        expect(array.last).toEqual(values.at(-1) ?? NaN);
      }),
      { numRuns: 30 },
    );
  });

  it('finds positions as a linear search would', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 })), fc.integer(), (list, wanted) => {
        const values = Float64Array.from(list.sort((a, b) => a - b));
        const found = values.findIndex((value) => value >= wanted);
        expect(lowerBound(values, wanted)).toBe(found < 0 ? values.length : found);
        const near = nearestIndex(values, wanted);
        if (values.length === 0) expect(near).toBe(-1);
        else {
          const best = Math.min(...[...values].map((value) => Math.abs(value - wanted)));
          expect(Math.abs((values[near] ?? NaN) - wanted)).toBe(best);
        }
      }),
    );
  });
});

describe('Ema', () => {
  it('gives the numbers that TensorBoard shows', () => {
    // s1 = 1; s2 = (0.6·0.4·1 + 0.4·2) / (1 − 0.36) = 1.625; s3 = (0.6·1.04 + 0.4·4) / (1 − 0.216)
    const [a, b, c] = smooth([1, 2, 4], 0.6);
    expect(a).toBeCloseTo(1, 12);
    expect(b).toBeCloseTo(1.625, 12);
    expect(c).toBeCloseTo((0.6 * 1.04 + 1.6) / 0.784, 12);
  });

  it('leaves values alone at 0, stays within what it saw, and keeps gaps', () => {
    fc.assert(
      fc.property(withGaps, fc.double({ min: 0, max: 0.999, noNaN: true }), (values, weight) => {
        expect(smooth(values, 0)).toEqual(values);
        let low = Infinity;
        let high = -Infinity;
        smooth(values, weight).forEach((smoothed, i) => {
          const value = values[i] ?? NaN;
          expect(Number.isNaN(smoothed)).toBe(Number.isNaN(value));
          if (Number.isNaN(value)) return;
          low = Math.min(low, value);
          high = Math.max(high, value);
          const slack = 1e-6 * (1 + Math.abs(low) + Math.abs(high));
          expect(smoothed).toBeGreaterThanOrEqual(low - slack);
          expect(smoothed).toBeLessThanOrEqual(high + slack);
        });
      }),
    );
  });

  it('is not touched by a gap', () => {
    const without = smooth([3, 5, 4], 0.9);
    const around = smooth([3, NaN, 5, Infinity, 4], 0.9);
    expect(around.filter(Number.isFinite)).toEqual(without);
  });
});

describe('decimate', () => {
  const lines = fc.tuple(withGaps, fc.integer({ min: 1, max: 40 }));

  it('keeps every extreme, the ends, and only points that were there', () => {
    fc.assert(
      fc.property(lines, ([values, buckets]) => {
        const x = Float64Array.from(values, (_, i) => i * 3);
        const y = Float64Array.from(values);
        const { points, total, drawn } = decimate(x, y, [0, values.length * 3], buckets);
        const there = values.filter(Number.isFinite);
        const kept = points.map(([, value]) => value).filter(Number.isFinite);
        expect(total).toBe(there.length);
        expect(drawn).toBe(kept.length);
        expect(points.length).toBeLessThanOrEqual(Math.max(4 * buckets, 6 * buckets));
        if (there.length > 0) {
          expect(Math.max(...kept)).toBe(Math.max(...there));
          expect(Math.min(...kept)).toBe(Math.min(...there));
          expect(kept[0]).toBe(there[0]);
          expect(kept.at(-1)).toBe(there.at(-1));
        }
        points.forEach(([at, value], i) => {
          expect(y[at / 3]).toEqual(value);
          expect(at).toBeGreaterThan(points[i - 1]?.[0] ?? -1);
        });
      }),
    );
  });

  it('lets a spike of one point among 100,000 through', () => {
    const x = Float64Array.from({ length: 100_000 }, (_, i) => i + 1);
    const y = Float64Array.from(x, (i) => (i === 54_321 ? 900 : Math.sin(i)));
    const { points, total } = decimate(x, y, [1, 100_000], 600);
    expect(total).toBe(100_000);
    expect(points.length).toBeLessThan(3000);
    expect(points).toContainEqual([54_321, 900]);
  });

  it('breaks the line at a gap wider than a pixel, and nowhere else', () => {
    const x = Float64Array.from({ length: 10_000 }, (_, i) => i);
    const y = Float64Array.from(x, (i) => (i >= 4000 && i < 5000 ? NaN : i));
    const { points } = decimate(x, y, [0, 9999], 100);
    const breaks = points.filter(([, value]) => Number.isNaN(value)).map(([at]) => at);
    expect(breaks.every((at) => at >= 4000 && at < 5000)).toBe(true);
    expect(breaks).toContain(4000);
    expect(points.some(([at, value]) => at === 3999 && value === 3999)).toBe(true);
    expect(points.some(([at, value]) => at === 5000 && value === 5000)).toBe(true);
  });

  it('draws only the range, with one point beyond each end', () => {
    const x = Float64Array.from({ length: 100 }, (_, i) => i);
    const { points } = decimate(x, x, [20.5, 29.5], 50);
    expect(points[0]).toEqual([20, 20]);
    expect(points.at(-1)).toEqual([30, 30]);
  });
});

describe('RunSeries', () => {
  const batch = (
    iters: readonly number[],
    columns: Readonly<Record<string, readonly number[]>>,
  ): { keys: string[]; iters: Int32Array; values: Float64Array } => {
    const keys = Object.keys(columns);
    return {
      keys,
      iters: Int32Array.from(iters),
      values: Float64Array.from(iters.flatMap((_, row) => keys.map((k) => columns[k]?.[row] ?? 0))),
    };
  };

  it('fills with gaps what a batch lacks', () => {
    const series = new RunSeries('a');
    series.append(batch([1, 2], { loss: [3, 2] }));
    series.append(batch([3], { lr: [0.1] }));
    series.append(batch([4], { loss: [1], lr: [0.2] }));
    expect([...series.column('loss')]).toEqual([3, 2, NaN, 1]);
    expect([...series.column('lr')]).toEqual([NaN, NaN, 0.1, 0.2]);
    expect(series.column('grad_norm')).toHaveLength(0);
  });

  it('takes the same data in any batches', () => {
    fc.assert(
      fc.property(
        fc.array(finite, { minLength: 1, maxLength: 80 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 80, maxLength: 80 }),
        (values, cuts) => {
          const whole = new RunSeries('whole');
          const iters = values.map((_, i) => i + 1);
          whole.append(batch(iters, { loss: values }));
          const parts = new RunSeries('parts');
          for (let i = 0, cut = 0; i < values.length; cut += 1) {
            const end = i + (cuts[cut] ?? 1);
            parts.append(batch(iters.slice(i, end), { loss: values.slice(i, end) }));
            parts.smoothed('loss', 0.9);
            i = end;
          }
          expect([...parts.column('loss')]).toEqual(values);
          expect([...parts.smoothed('loss', 0.9)]).toEqual([...whole.smoothed('loss', 0.9)]);
        },
      ),
    );
  });

  it('replaces what a resumed run makes anew, smoothing included', () => {
    const series = new RunSeries('a');
    series.append(batch([1, 2, 3, 4], { loss: [9, 8, 7, 6] }));
    series.smoothed('loss', 0.5);
    series.append(batch([3, 4], { loss: [5, 4] }));
    const fresh = new RunSeries('b');
    fresh.append(batch([1, 2, 3, 4], { loss: [9, 8, 5, 4] }));
    expect([...series.iters]).toEqual([1, 2, 3, 4]);
    expect([...series.column('loss')]).toEqual([9, 8, 5, 4]);
    expect([...series.smoothed('loss', 0.5)]).toEqual([...fresh.smoothed('loss', 0.5)]);
  });

  it('counts training time by the logged means, and says when there is none', () => {
    const series = new RunSeries('a');
    series.append(batch([10, 20], { time: [0.5, 0.25] }));
    expect([...series.elapsed]).toEqual([5, 7.5]);
    const silent = new RunSeries('b');
    silent.append(batch([1, 2], { loss: [1, 1] }));
    expect([...silent.elapsed]).toEqual([NaN, NaN]);
  });

  it('names the metric and iteration that first left the finite numbers', () => {
    const series = new RunSeries('a');
    series.append(batch([1, 2, 3], { loss: [1, NaN, NaN], loss_bbox: [1, NaN, 1], lr: [1, 1, 1] }));
    expect(firstNonFinite(series, ['lr', 'loss_bbox', 'loss'])).toMatchObject({
      key: 'loss_bbox',
      iter: 2,
    });
    expect(firstNonFinite(series, ['lr'])).toBeNull();
  });
});
