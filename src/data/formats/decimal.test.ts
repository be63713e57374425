import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shortestDecimal } from './decimal.ts';

describe('shortestDecimal', () => {
  it('writes what people would write', () => {
    expect(shortestDecimal(Math.fround(12.1))).toBe(12.1);
    expect(shortestDecimal(7)).toBe(7);
    expect(shortestDecimal(Math.fround(0.333))).toBe(0.333);
    expect(shortestDecimal(Math.fround(12.1) + 1, (written) => written - 1)).toBe(13.1);
  });

  it('always reads back as the same float32', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: -100_000, max: 100_000 }), (value) => {
        expect(Math.fround(shortestDecimal(value))).toBe(Math.fround(value + 0));
        const shifted = shortestDecimal(value + 1, (written) => written - 1);
        expect(Math.fround(shifted - 1)).toBe(Math.fround(value + 1 - 1));
      }),
    );
  });
});
