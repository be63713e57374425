import { expect } from 'vitest';

/**
 * Asserts that the largest difference is below `tolerance` times the largest expected magnitude: the measure for sums,
 * where a small element is the rest of large terms that cancelled. Lengths must agree, and NaN fails.
 */
export function expectCloseToScale(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  label: string,
): void {
  expect(actual.length, `${label}: length`).toBe(expected.length);
  let scale = 1e-6;
  let worst = 0;
  let where = -1;
  for (let i = 0; i < expected.length; i++) {
    const want = expected[i] ?? Number.NaN;
    scale = Math.max(scale, Math.abs(want));
    const difference = Math.abs((actual[i] ?? Number.NaN) - want);
    if (difference > worst || Number.isNaN(difference)) {
      worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
      where = i;
      if (worst === Number.POSITIVE_INFINITY) break;
    }
  }
  const place =
    where < 0 ? '' : ` (element ${where}: got ${actual[where]}, want ${expected[where]})`;
  expect(worst / scale, `${label}: largest difference over largest value${place}`).toBeLessThan(
    tolerance,
  );
}
