import { describe, expect, test } from 'vitest';
import { convLayout, linearLayout, sameLayout } from './parameter-layout.ts';

const counted = (count: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: count }, (_, i) => i);

describe('parameter layouts', () => {
  test('a convolution: OIHW to HWIO', () => {
    // 2 outputs, 3 inputs, 1 × 2: element o·6 + i·2 + x goes to (x·3 + i)·2 + o.
    const layout = convLayout([2, 3, 1, 2]);
    expect(layout.gpuShape).toEqual([1, 2, 3, 2]);
    expect([...layout.toGpu(counted(12))]).toEqual([0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11]);
  });

  test('a linear layer is transposed', () => {
    const layout = linearLayout()([2, 3]);
    expect(layout.gpuShape).toEqual([3, 2]);
    expect([...layout.toGpu(counted(6))]).toEqual([0, 3, 1, 4, 2, 5]);
  });

  test('a linear layer on a flattened map reads it pixel by pixel', () => {
    // 2 channels of 1 × 3 pixels: PyTorch's input c·3 + x is our input x·2 + c.
    const layout = linearLayout({ channels: 2, height: 1, width: 3 })([1, 6]);
    expect(layout.gpuShape).toEqual([6, 1]);
    expect([...layout.toGpu(counted(6))]).toEqual([0, 3, 1, 4, 2, 5]);
  });

  test.each([
    ['vector', sameLayout([5])],
    ['convolution', convLayout([5, 3, 2, 4])],
    ['linear', linearLayout()([7, 5])],
    ['linear on a map', linearLayout({ channels: 5, height: 3, width: 2 })([4, 30])],
  ])('%s: there and back changes nothing', (_, layout) => {
    const values = counted(layout.gpuShape.reduce((product, side) => product * side, 1));
    expect([...layout.toTorch(layout.toGpu(values))]).toEqual([...values]);
    expect([...layout.toGpu(layout.toTorch(values))]).toEqual([...values]);
  });

  test('shapes that do not fit are refused', () => {
    expect(() => convLayout([4, 3])).toThrow(/four sides/);
    expect(() => linearLayout()([4])).toThrow(/two sides/);
    expect(() => linearLayout({ channels: 2, height: 7, width: 7 })([4, 90])).toThrow(/not 90/);
  });
});
