import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitWithin, rgbToRgba } from './picture.ts';

const side = fc.integer({ min: 1, max: 30_000 });

describe('size of a picture', () => {
  it('keeps pictures that fit, and all of them at 0', () => {
    expect(fitWithin(256, 100, 256)).toEqual({ width: 256, height: 100 });
    expect(fitWithin(5000, 3000, 0)).toEqual({ width: 5000, height: 3000 });
  });

  it('never exceeds the limit or the original, and keeps the ratio to a pixel', () => {
    fc.assert(
      fc.property(side, side, fc.integer({ min: 1, max: 4096 }), (width, height, maxSide) => {
        const small = fitWithin(width, height, maxSide);
        const longer = Math.max(width, height);
        expect(Math.max(small.width, small.height)).toBe(Math.min(longer, maxSide));
        expect(small.width).toBeGreaterThanOrEqual(1);
        expect(small.height).toBeGreaterThanOrEqual(1);
        const scale = Math.min(1, maxSide / longer);
        expect(Math.abs(small.width - width * scale)).toBeLessThanOrEqual(1);
        expect(Math.abs(small.height - height * scale)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('RGB to RGBA', () => {
  it('keeps each colour in its place and is opaque', () => {
    const data = Uint8Array.of(1, 2, 3, 250, 251, 252);
    expect([...rgbToRgba({ width: 2, height: 1, data })]).toEqual([
      1, 2, 3, 255, 250, 251, 252, 255,
    ]);
  });
});
