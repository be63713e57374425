import { describe, expect, test } from 'vitest';
import { pointGrid } from './point-generator.ts';

describe('points', () => {
  test('lie in the middle of their cells, row by row, level by level', () => {
    const sizes = [
      { height: 2, width: 3 },
      { height: 1, width: 2 },
    ];
    const { levels, points } = pointGrid([8, 16], sizes);
    expect(levels).toEqual([
      { start: 0, height: 2, width: 3, stride: 8 },
      { start: 6, height: 1, width: 2, stride: 16 },
    ]);
    const rows = Array.from({ length: 8 }, (_, i) => [...points.subarray(i * 4, i * 4 + 4)]);
    expect(rows).toEqual([
      [4, 4, 8, 8],
      [12, 4, 8, 8],
      [20, 4, 8, 8],
      [4, 12, 8, 8],
      [12, 12, 8, 8],
      [20, 12, 8, 8],
      [8, 8, 16, 16],
      [24, 8, 16, 16],
    ]);
  });

  test('one feature map per stride', () => {
    expect(() => pointGrid([8, 16], [{ height: 1, width: 1 }])).toThrow(/2 strides but 1/);
  });
});
