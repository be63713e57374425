import { describe, expect, test } from 'vitest';
import { centralDifferences, dot } from '../host/central-differences.ts';
import { variedValues } from '../host/varied-values.ts';
import { batchNormReference } from './batch-norm.reference.ts';
import type { BatchNormInput } from './batch-norm.reference.ts';

const CHANNELS = 3;
const COUNT = 7 * CHANNELS;

function input(
  training: boolean,
  relu: boolean,
): BatchNormInput & { readonly residual: Float32Array } {
  return {
    x: variedValues(COUNT, 1),
    weight: variedValues(CHANNELS, 2).map((value) => value + 1.2),
    bias: variedValues(CHANNELS, 3),
    runningMean: variedValues(CHANNELS, 4),
    runningVar: variedValues(CHANNELS, 5).map((value) => value + 1.1),
    residual: variedValues(COUNT, 6),
    dy: variedValues(COUNT, 7),
    training,
    relu,
    eps: 1e-5,
    momentum: 0.1,
  };
}

describe.each([
  [true, false],
  [true, true],
  [false, false],
  [false, true],
])('batch norm twin, training %s, relu %s', (training, relu) => {
  const at = input(training, relu);
  const wanted = batchNormReference(at);
  test.each([
    ['x', 'dx'],
    ['weight', 'dWeight'],
    ['bias', 'dBias'],
    ['residual', 'dResidual'],
  ] as const)('gradient of %s agrees with central differences', (key, gradient) => {
    const slope = centralDifferences(
      (values) => dot(batchNormReference({ ...at, [key]: values }).y, at.dy),
      at[key],
    );
    slope.forEach((value, i) =>
      expect(wanted[gradient][i], `${gradient}[${i}]`).toBeCloseTo(value, 7),
    );
  });
});

test('running statistics move by PyTorch’s rule: unbiased variance', () => {
  // Values 1, 2, 3, 6: mean 3, squared deviations 14, biased variance 3.5, unbiased 14/3.
  const { y, runningMean, runningVar } = batchNormReference({
    ...input(true, false),
    x: [1, 2, 3, 6],
    weight: [1],
    bias: [0],
    residual: [0, 0, 0, 0],
    runningMean: [1],
    runningVar: [2],
    dy: [0, 0, 0, 0],
    eps: 0,
  });
  expect(runningMean[0]).toBeCloseTo(0.9 * 1 + 0.1 * 3, 12);
  expect(runningVar[0]).toBeCloseTo(0.9 * 2 + (0.1 * 14) / 3, 12);
  expect(y[3]).toBeCloseTo(3 / Math.sqrt(3.5), 12);
});
