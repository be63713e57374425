import { describe, expect, test } from 'vitest';
import { centralDifferences, dot } from '../host/central-differences.ts';
import { variedValues } from '../host/varied-values.ts';
import { linearReference } from './linear.reference.ts';

describe.each([false, true])('linear twin, relu %s', (relu) => {
  const at = {
    inputs: 4,
    outputs: 3,
    x: variedValues(20, 1),
    weight: variedValues(12, 2),
    bias: variedValues(3, 3),
    dy: variedValues(15, 4),
    relu,
  };
  const wanted = linearReference(at);
  test.each([
    ['x', 'dx'],
    ['weight', 'dWeight'],
    ['bias', 'dBias'],
  ] as const)('gradient of %s agrees with central differences', (key, gradient) => {
    const slope = centralDifferences(
      (values) => dot(linearReference({ ...at, [key]: values }).y, at.dy),
      at[key],
    );
    slope.forEach((value, i) =>
      expect(wanted[gradient][i], `${gradient}[${i}]`).toBeCloseTo(value, 8),
    );
  });
});
