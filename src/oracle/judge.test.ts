import { describe, expect, it } from 'vitest';
import { judge, ofLargest, toleranceOf } from './judge.ts';
import type { Comparison } from './oracle-case.ts';

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;

function verdict(
  got: readonly number[],
  want: readonly number[],
  tolerance: Comparison['tolerance'] = { absolute: 1e-5, relative: 1e-4 },
) {
  return judge({ what: 'y', got, want, tolerance });
}

describe('judge', () => {
  it('allows the absolute plus the relative part, and says how much of it was used', () => {
    // Allowed at 100: 1e-5 + 1e-2.
    expect(verdict([100.005], [100]).worst).toBeCloseTo(0.005 / 0.01001, 6);
    expect(verdict([100.01], [100]).problem).toBeUndefined();
    expect(verdict([100.011], [100]).problem).toMatch(/y: 1 of 1 .* got 100\.011, want 100/);
    expect(verdict([9e-6], [0]).problem).toBeUndefined();
    expect(verdict([1.1e-5], [0]).problem).toBeDefined();
  });

  it('names the worst element and counts the wrong ones', () => {
    expect(verdict([1, 2.5, 9, 4], [1, 2, 3, 4]).problem).toBe(
      'y: 2 of 4 values differ, most at 2: got 9, want 3',
    );
  });

  it('wants indices exactly', () => {
    expect(verdict([3], [3], 'exact')).toEqual({ problem: undefined, worst: 0 });
    expect(verdict([3], [3 + 1e-12], 'exact').worst).toBe(INF);
  });

  it('wants NaN where NaN is, and 0 there only where the case allows it', () => {
    expect(verdict([NAN], [NAN]).problem).toBeUndefined();
    expect(verdict([NAN], [1]).worst).toBe(INF);
    expect(verdict([0], [NAN]).worst).toBe(INF);
    const zeroForNan = { absolute: 1e-5, relative: 1e-4, zeroForNan: true };
    expect(verdict([0], [NAN], zeroForNan).problem).toBeUndefined();
    expect(verdict([1], [NAN], zeroForNan).worst).toBe(INF);
  });

  it('wants infinities of the right sign', () => {
    expect(verdict([INF, -INF], [INF, -INF]).worst).toBe(0);
    expect(verdict([-INF], [INF]).worst).toBe(INF);
    expect(verdict([1e30], [INF]).worst).toBe(INF);
  });

  it('fails a result of another length, also an empty one', () => {
    expect(verdict([], [1]).problem).toBe('y: 0 values, want 1');
    expect(verdict([], []).problem).toBeUndefined();
  });
});

describe('toleranceOf', () => {
  it('gives operators 1e-5 and 1e-4, and sums at least a millionth of the largest value', () => {
    expect(toleranceOf('close', [500])).toEqual({ absolute: 1e-5, relative: 1e-4 });
    expect(toleranceOf('sum', [1, -500])).toEqual({ absolute: 500e-6, relative: 1e-4 });
    expect(toleranceOf('sum', [1])).toEqual({ absolute: 1e-5, relative: 1e-4 });
    expect(toleranceOf('exact', [1])).toBe('exact');
    expect(ofLargest([-4, 2], 1e-4)).toEqual({ absolute: 4e-4, relative: 0 });
  });
});
