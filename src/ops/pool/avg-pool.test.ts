import { expect, test } from 'vitest';
import { centralDifferences, dot } from '../host/central-differences.ts';
import { variedValues } from '../host/varied-values.ts';
import { avgPoolReference } from './avg-pool.reference.ts';

test.each([1, 2, 3])('the twin’s gradient agrees with central differences: kernel %i', (size) => {
  const shape = { batch: 1, height: 5, width: 7, channels: 2, kernelSize: size };
  const x = variedValues(70, 1);
  const { y } = avgPoolReference(shape, x, []);
  const dy = variedValues(y.length, 2);
  const { dx } = avgPoolReference(shape, x, dy);
  const slope = centralDifferences((values) => dot(avgPoolReference(shape, values, dy).y, dy), x);
  slope.forEach((value, i) => expect(dx[i], `dx[${i}]`).toBeCloseTo(value, 8));
});
