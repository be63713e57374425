import { expect, it } from 'vitest';
import { formatBytes, formatCount, formatDuration, formatNumber, formatPercent } from './format.ts';
import { parseNumber } from './number-field.tsx';

it('three significant figures, thousands apart, NaN said', () => {
  expect(
    [0.48213, 12.345, 1234.5, 0.00012345, 1.5e9, 0, NaN, Infinity].map((value) =>
      formatNumber(value),
    ),
  ).toEqual(['0.482', '12.3', '1,235', '1.23e-4', '1.50e9', '0', 'NaN', '∞']);
});

it('counts, bytes, times and shares', () => {
  expect(formatCount(12_400)).toBe('12,400');
  expect([0, 999, 38_200_000, 4_294_967_296].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '38.2 MB',
    '4.29 GB',
  ]);
  expect([0, 42, 100, 3600, 7500].map(formatDuration)).toEqual([
    '0 s',
    '42 s',
    '2 min',
    '60 min',
    '2 h 05 min',
  ]);
  expect([0, 0.007, 0.34, 1].map(formatPercent)).toEqual(['0 %', '0.7 %', '34 %', '100 %']);
});

it('a number is taken as people type it, and only inside its range', () => {
  expect(parseNumber('1e-4', {})).toBe(1e-4);
  expect(parseNumber(' 0,02 ', {})).toBe(0.02);
  expect(parseNumber('.5', {})).toBe(0.5);
  for (const text of ['', 'abc', '1 2', '0x10', 'Infinity', 'NaN', '--1', '1.2.3'])
    expect(parseNumber(text, {}), text).toBe(null);
  expect(parseNumber('1.5', { integer: true })).toBe(null);
  expect(parseNumber('-1', { min: 0 })).toBe(null);
  expect(parseNumber('0', { min: 0 })).toBe(0);
});
