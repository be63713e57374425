import { expect, test } from 'vitest';
import { centralDifferences, dot } from '../host/central-differences.ts';
import { variedValues } from '../host/varied-values.ts';
import { maxPoolReference } from './max-pool.reference.ts';

test.each([
  [3, 2, 1],
  [1, 2, 0],
  [3, 1, 1],
])(
  'the twin’s gradient agrees with central differences: kernel %i, stride %i, padding %i',
  (kernelSize, stride, padding) => {
    const shape = { batch: 1, height: 5, width: 6, channels: 2, kernelSize, stride, padding };
    const x = variedValues(60, 1);
    const { y } = maxPoolReference(shape, x, []);
    const dy = variedValues(y.length, 2);
    const { dx } = maxPoolReference(shape, x, dy);
    const slope = centralDifferences((values) => dot(maxPoolReference(shape, values, dy).y, dy), x);
    slope.forEach((value, i) => expect(dx[i], `dx[${i}]`).toBeCloseTo(value, 8));
  },
);
