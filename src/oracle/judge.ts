import type { Comparison, Tolerance } from './oracle-case.ts';

/** Operators: 1e-5 absolute plus 1e-4 relative. */
const OPERATOR_TOLERANCE: Tolerance = { absolute: 1e-5, relative: 1e-4 };

/**
 * How a result is judged: indices exactly; numbers by the operators' tolerance or their own; sums of many terms by the
 * operators' tolerance, whose absolute part is at least a millionth of the largest value: a small one is what is left of
 * large terms, which float32 keeps to seven digits.
 */
export type ResultKind = 'exact' | 'close' | 'sum' | Tolerance;

export function toleranceOf(kind: ResultKind, want: ArrayLike<number>): Tolerance | 'exact' {
  if (kind === 'close') return OPERATOR_TOLERANCE;
  if (kind !== 'sum') return kind;
  const { absolute, relative } = OPERATOR_TOLERANCE;
  return { absolute: Math.max(absolute, ofLargest(want, 1e-6).absolute), relative };
}

/** A share of the largest magnitude of `want`, for maps whose small values are what is left of large terms. */
export function ofLargest(want: ArrayLike<number>, share: number): Tolerance {
  let largest = 0;
  for (let i = 0; i < want.length; i++) largest = Math.max(largest, Math.abs(want[i] ?? 0));
  return { absolute: share * largest, relative: 0 };
}

export interface Verdict {
  /** What is wrong with the worst element; undefined when all are right. */
  readonly problem: string | undefined;
  /** The largest error as a share of what is allowed there; Infinity where nothing is (an index, a NaN, a length). */
  readonly worst: number;
}

/** Judges one array. */
export function judge({ what, got, want, tolerance }: Comparison): Verdict {
  if (got.length !== want.length) {
    return {
      problem: `${what}: ${got.length} values, want ${want.length}`,
      worst: Number.POSITIVE_INFINITY,
    };
  }
  let worst = 0;
  let where = -1;
  let wrong = 0;
  for (let i = 0; i < want.length; i++) {
    const share = errorShare(got[i] ?? Number.NaN, want[i] ?? Number.NaN, tolerance);
    if (share > 1) wrong += 1;
    if (share > worst) [worst, where] = [share, i];
  }
  if (wrong === 0) return { problem: undefined, worst };
  return {
    problem: `${what}: ${wrong} of ${want.length} values differ, most at ${where}: got ${got[where]}, want ${want[where]}`,
    worst,
  };
}

/** |got − want| over what is allowed; 0 for equal values, infinities and NaNs that should be there. */
function errorShare(got: number, want: number, tolerance: Tolerance | 'exact'): number {
  if (got === want || (Number.isNaN(got) && Number.isNaN(want))) return 0;
  if (tolerance === 'exact') return Number.POSITIVE_INFINITY;
  if (Number.isNaN(want) && tolerance.zeroForNan === true && got === 0) return 0;
  const allowed = tolerance.absolute + tolerance.relative * Math.abs(want);
  const share = Math.abs(got - want) / allowed;
  return Number.isNaN(share) || !Number.isFinite(want) ? Number.POSITIVE_INFINITY : share;
}
