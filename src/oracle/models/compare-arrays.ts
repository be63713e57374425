import { z } from 'zod';
import type { PackedFields } from '../../ops/oracle/parse-casepack.ts';
import { ofLargest } from '../judge.ts';
import type { Comparison, Tolerance } from '../oracle-case.ts';
import { numbers } from '../page-schemas.ts';
import type { PlainArray } from './model-under-test.ts';

/** Maps: 1e-4 of each map's largest value. */
const MAP_SHARE = 1e-4;

/** A large array as a fixture describes it: a few numbers about it, and some of its values. */
const summarySchema = z.object({
  shape: numbers,
  mean: z.number(),
  abs_sum: z.number(),
  min: z.number(),
  max: z.number(),
  index: numbers,
  value: numbers,
});

/** Compares an array with what a fixture holds of it: all, or a summary. */
export function compareMap(what: string, got: PlainArray, fields: PackedFields): Comparison[] {
  return isSummary(fields)
    ? compareSummary(what, got, summarySchema.parse(raw(fields)))
    : compareWhole(what, got, fields);
}

function isSummary(fields: PackedFields): boolean {
  return fields.has('abs_sum');
}

function raw(fields: PackedFields): Readonly<Record<string, unknown>> {
  return Object.fromEntries(fields.keys().map((key) => [key, fields.raw(key)]));
}

function compareWhole(what: string, got: PlainArray, fields: PackedFields): Comparison[] {
  const shape = fields.numbers('shape');
  const want = fields.self().data;
  return [
    { what: `${what} shape`, got: got.shape, want: shape, tolerance: 'exact' },
    { what, got: got.data, want, tolerance: ofLargest(want, MAP_SHARE) },
  ];
}

function compareSummary(
  what: string,
  got: PlainArray,
  want: z.infer<typeof summarySchema>,
): Comparison[] {
  const { data } = got;
  let sum = 0;
  let absSum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < data.length; i++) {
    const value = data[i] ?? Number.NaN;
    sum += value;
    absSum += Math.abs(value);
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const largest = ofLargest([want.min, want.max], MAP_SHARE);
  // Of the sums, the same share of the mean magnitude.
  const ofMean: Tolerance = { absolute: (MAP_SHARE * want.abs_sum) / data.length, relative: 0 };
  const close = (part: string, value: number, wanted: number, tolerance: Tolerance) => ({
    what: `${what} ${part}`,
    got: [value],
    want: [wanted],
    tolerance,
  });
  return [
    { what: `${what} shape`, got: got.shape, want: want.shape, tolerance: 'exact' },
    close('mean', sum / data.length, want.mean, ofMean),
    close('abs_sum', absSum, want.abs_sum, { absolute: 0, relative: MAP_SHARE }),
    close('min', min, want.min, largest),
    close('max', max, want.max, largest),
    {
      what: `${what} values`,
      got: want.index.map((index) => data[index] ?? Number.NaN),
      want: want.value,
      tolerance: largest,
    },
  ];
}

/** An anchor's place must be exact, whether all are given or a summary. */
export function exactly(comparisons: readonly Comparison[]): Comparison[] {
  return comparisons.map((comparison) =>
    /(mean|abs_sum)$/.test(comparison.what) ? comparison : { ...comparison, tolerance: 'exact' },
  );
}

/** Several arrays one after the other. */
export function joined(parts: readonly PlainArray[], shape: readonly number[]): PlainArray {
  return { shape, data: Float32Array.from(parts.flatMap(({ data }) => Array.from(data))) };
}
