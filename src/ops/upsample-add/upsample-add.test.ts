import { expect, test } from 'vitest';
import { centralDifferences, dot } from '../host/central-differences.ts';
import { variedValues } from '../host/varied-values.ts';
import { nearestSource, upsampleAddReference } from './upsample-add.reference.ts';

test('the twin’s gradient agrees with central differences', () => {
  const shape = { batch: 1, height: 5, width: 7, channels: 2, smallHeight: 3, smallWidth: 4 };
  const lateral = variedValues(70, 1);
  const small = variedValues(24, 2);
  const dy = variedValues(70, 3);
  const { dSmall } = upsampleAddReference(shape, lateral, small, dy);
  const slope = centralDifferences(
    (values) => dot(upsampleAddReference(shape, lateral, values, dy).y, dy),
    small,
  );
  slope.forEach((value, i) => expect(dSmall[i], `dSmall[${i}]`).toBeCloseTo(value, 8));
});

/** PyTorch's nearest: same size and twice the size by whole numbers, else floor(dst · float32(small/large)). */
function torchNearest(at: number, small: number, large: number): number {
  if (small === large) return at;
  if (large === 2 * small) return Math.floor(at / 2);
  return Math.min(Math.floor(Math.fround(at * Math.fround(small / large))), small - 1);
}

test('on every pair of sides that a pyramid has, whole numbers give PyTorch’s float32 index', () => {
  const wrong: string[] = [];
  for (let small = 1; small <= 600; small++)
    for (const large of [small, 2 * small - 1, 2 * small])
      for (let at = 0; at < large; at++)
        if (nearestSource(at, small, large) !== torchNearest(at, small, large))
          wrong.push(`${small} → ${large} at ${at}`);
  expect(wrong).toEqual([]);
});
