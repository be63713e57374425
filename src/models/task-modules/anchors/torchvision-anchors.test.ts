import { describe, expect, test } from 'vitest';
import { torchvisionAnchorGrid, torchvisionBaseAnchors } from './torchvision-anchors.ts';

describe('torchvisionAnchorGrid', () => {
  test('base anchors are rounded, halves to even', () => {
    // √0.5 = 0.7071: 7.07 × 14.14 pixels, halves 7.07 and 3.54.
    expect([...(torchvisionBaseAnchors({ sizes: [[10]], ratios: [0.5] })[0] ?? [])]).toEqual([
      -7, -4, 7, 4,
    ]);
    expect([...(torchvisionBaseAnchors({ sizes: [[5, 7]], ratios: [1] })[0] ?? [])]).toEqual([
      -2, -2, 2, 2, -4, -4, 4, 4,
    ]);
  });

  test('the stride is the input divided by the map, rounded down', () => {
    const spec = { sizes: [[2]], ratios: [1] };
    const { anchors, levels } = torchvisionAnchorGrid(spec, [{ height: 1, width: 2 }], {
      height: 9,
      width: 15,
    });
    expect(levels).toEqual([{ start: 0, height: 1, width: 2, perCell: 1, strideX: 7, strideY: 9 }]);
    expect([...anchors]).toEqual([-1, -1, 1, 1, 6, -1, 8, 1]);
  });

  test('refuses a wrong number of feature maps', () => {
    expect(() =>
      torchvisionAnchorGrid({ sizes: [], ratios: [1] }, [{ height: 1, width: 1 }], {
        height: 8,
        width: 8,
      }),
    ).toThrow(/0 levels of sizes but 1 feature/);
  });
});
