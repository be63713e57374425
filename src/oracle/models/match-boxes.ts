import type { FoundBoxes } from './model-under-test.ts';

/**
 * For each wanted box the number of ours that is nearest to it among those of its label that are still free, −1 where
 * there is none. Boxes are sorted by score, and where scores differ by less than float32 resolves two may change places.
 */
export function matchBoxes(want: FoundBoxes, got: FoundBoxes): number[] {
  const free = new Set(Array.from({ length: got.scores.length }, (_, index) => index));
  return Array.from({ length: want.scores.length }, (_, row) => {
    let best = -1;
    let nearest = Number.POSITIVE_INFINITY;
    for (const index of free) {
      if (got.labels[index] !== want.labels[row]) continue;
      // Its own place first, so that equal boxes stay where they are.
      const distance = boxDistance(want.boxes, row, got.boxes, index) + (index === row ? 0 : 1e-9);
      if (distance < nearest) [best, nearest] = [index, distance];
    }
    free.delete(best);
    return best;
  });
}

function boxDistance(a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number): number {
  let distance = 0;
  for (let k = 0; k < 4; k++) {
    distance = Math.max(
      distance,
      Math.abs((a[i * 4 + k] ?? Number.NaN) - (b[j * 4 + k] ?? Number.NaN)),
    );
  }
  return distance;
}

/** Rows of `values`, `width` numbers each, in the order of `indices`; NaN for −1. */
export function rowsAt(
  values: ArrayLike<number>,
  indices: readonly number[],
  width: number,
): number[] {
  return indices.flatMap((index) =>
    Array.from({ length: width }, (_, k) =>
      index < 0 ? Number.NaN : (values[index * width + k] ?? Number.NaN),
    ),
  );
}
