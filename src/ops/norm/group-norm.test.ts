import { describe, expect, test } from 'vitest';
import { centralDifferences, dot } from '../host/central-differences.ts';
import { variedValues } from '../host/varied-values.ts';
import { groupNormReference } from './group-norm.reference.ts';

describe.each([
  [1, false],
  [2, true],
  [6, false],
])('group norm twin, %i groups, relu %s', (groups, relu) => {
  const at = {
    images: 2,
    groups,
    x: variedValues(2 * 3 * 6, 1),
    weight: variedValues(6, 2).map((value) => value + 1.2),
    bias: variedValues(6, 3),
    residual: variedValues(2 * 3 * 6, 4),
    dy: variedValues(2 * 3 * 6, 5),
    relu,
    eps: 1e-5,
  };
  const wanted = groupNormReference(at);
  test.each([
    ['x', 'dx'],
    ['weight', 'dWeight'],
    ['bias', 'dBias'],
    ['residual', 'dResidual'],
  ] as const)('gradient of %s agrees with central differences', (key, gradient) => {
    const slope = centralDifferences(
      (values) => dot(groupNormReference({ ...at, [key]: values }).y, at.dy),
      at[key],
    );
    slope.forEach((value, i) =>
      expect(wanted[gradient][i], `${gradient}[${i}]`).toBeCloseTo(value, 6),
    );
  });
});
