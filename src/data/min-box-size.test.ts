import { expect, test } from 'vitest';
import { FLAG_IGNORE, FLAG_UNUSABLE } from './dataset.ts';
import type { Dataset } from './dataset.ts';
import { withMinBoxSize } from './min-box-size.ts';

const dataset: Dataset = {
  format: 'voc',
  name: 'three boxes',
  classes: ['a'],
  categoryIds: [1],
  images: [{ index: 0, path: '', name: '', id: 1, width: 99, height: 99, missing: true }],
  annotations: {
    offsets: Uint32Array.of(0, 3),
    boxes: Float32Array.of(0, 0, 40, 31, 0, 0, 32, 32, 5, 5, 6, 90),
    labels: Int32Array.of(0, 0, 0),
    flags: Uint8Array.of(0, 0, FLAG_UNUSABLE),
    areas: Float32Array.of(1, 1, 1),
  },
  splits: { all: Uint32Array.of(0) },
  classCounts: [3],
  problems: [],
  readImage: () => Promise.reject(new Error('no image')),
};

test('boxes with a side below the size are ignored; the dataset is not changed', () => {
  const { flags } = withMinBoxSize(dataset, 32).annotations;
  expect([...flags]).toEqual([FLAG_IGNORE, 0, FLAG_UNUSABLE | FLAG_IGNORE]);
  expect([...dataset.annotations.flags]).toEqual([0, 0, FLAG_UNUSABLE]);
});

test('a size of 0 changes nothing', () => {
  expect(withMinBoxSize(dataset, 0)).toBe(dataset);
});
