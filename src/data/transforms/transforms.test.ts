import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RgbImage } from '../dataset.ts';
import { orientBoxes } from '../../boxes/convert.ts';
import { flipImage } from './flip.ts';
import { orientImage } from './orient.ts';
import { rescaleSize } from './rescale-size.ts';
import { resizeImage } from './resize.ts';

const ORACLE = '../shared/oracle/mmdet/image_ops.json';

interface ImageOps {
  rescale_size_wh: {
    old_wh: [number, number];
    scale: [number, number];
    new_wh: [number, number];
    scale_factor_wh: [number, number];
  }[];
  cv2_bilinear_uint8: { size_wh: [number, number]; out: number[][][] }[];
}

function image(width: number, height: number, value: (i: number) => number): RgbImage {
  return {
    width,
    height,
    data: Uint8Array.from({ length: 3 * width * height }, (_, i) => value(i)),
  };
}

const images = fc
  .record({
    width: fc.integer({ min: 1, max: 24 }),
    height: fc.integer({ min: 1, max: 24 }),
    seed: fc.integer({ min: 1, max: 9999 }),
  })
  .map(({ width, height, seed }) =>
    image(width, height, (i) => (Math.imul(i + 1, seed * 2654435761) >>> 13) & 255),
  );

describe.skipIf(!existsSync(ORACLE))(
  'against mmcv and cv2 (../shared/oracle/mmdet/image_ops.json)',
  () => {
    const oracle: ImageOps = existsSync(ORACLE)
      ? JSON.parse(readFileSync(ORACLE, 'utf8'))
      : { rescale_size_wh: [], cv2_bilinear_uint8: [] };

    it('gives every size and factor', () => {
      expect(oracle.rescale_size_wh.length).toBeGreaterThan(20);
      for (const { old_wh, scale, new_wh, scale_factor_wh } of oracle.rescale_size_wh) {
        const { width, height, scaleFactor } = rescaleSize(...old_wh, scale, true);
        expect([width, height]).toEqual(new_wh);
        expect(scaleFactor).toEqual(scale_factor_wh);
      }
    });

    it('gives every pixel', () => {
      const source = image(7, 5, (i) => (37 * i) % 256);
      expect(oracle.cv2_bilinear_uint8.length).toBeGreaterThan(2);
      for (const { size_wh, out } of oracle.cv2_bilinear_uint8) {
        expect([...resizeImage(source, ...size_wh).data], size_wh.join('×')).toEqual(out.flat(2));
      }
    });
  },
);

describe('rescaleSize', () => {
  it('keeps a sliver at one pixel at least, and ignores the order of the scale', () => {
    expect(rescaleSize(1, 3000, [1333, 800], true)).toMatchObject({ width: 1, height: 1333 });
    expect(rescaleSize(3000, 1, [192, 192], true)).toMatchObject({ width: 192, height: 1 });
    expect(rescaleSize(640, 480, [192, 300], false)).toMatchObject({ width: 192, height: 300 });
    expect(() => rescaleSize(0, 5, [10, 10], true)).toThrow(RangeError);
  });

  it('never leaves the bounds, and reaches one of them', () => {
    const side = fc.integer({ min: 1, max: 5000 });
    fc.assert(
      fc.property(side, side, side, side, (w, h, a, b) => {
        const { width, height } = rescaleSize(w, h, [a, b], true);
        const [long, short] = [Math.max(width, height), Math.min(width, height)];
        expect(long).toBeLessThanOrEqual(Math.max(a, b));
        expect(short).toBeLessThanOrEqual(Math.max(1, Math.min(a, b)));
        expect(long === Math.max(a, b) || short === Math.min(a, b)).toBe(true);
      }),
    );
  });
});

/** The rule of resize.ts in its plainest form, pixel by pixel, without row reuse. */
function slowResize(source: RgbImage, width: number, height: number): number[] {
  const even = (v: number): number => (v % 1 === 0.5 ? 2 * Math.round(v / 2) : Math.round(v));
  const taps = (
    i: number,
    from: number,
    to: number,
    clampFraction: boolean,
  ): [number, number, number, number] => {
    const position = Math.fround((i + 0.5) * (1 / (to / from)) - 0.5);
    let lo = Math.floor(position);
    let f = Math.fround(position - lo);
    if (clampFraction && (lo < 0 || lo >= from - 1)) [lo, f] = [lo < 0 ? 0 : from - 1, 0];
    const clamp = (v: number): number => Math.min(Math.max(v, 0), from - 1);
    return [
      clamp(lo),
      clamp(lo + 1),
      even(Math.fround(Math.fround(1 - f) * 2048)),
      even(Math.fround(f * 2048)),
    ];
  };
  const out: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        const [y0, y1, b0, b1] = taps(y, source.height, height, false);
        const [x0, x1, a0, a1] = taps(x, source.width, width, true);
        const at = (yy: number, xx: number): number =>
          source.data[3 * (yy * source.width + xx) + c] ?? 0;
        const s = (yy: number): number => (at(yy, x0) * a0 + at(yy, x1) * a1) >> 4;
        out.push((((b0 * s(y0)) >> 16) + ((b1 * s(y1)) >> 16) + 2) >> 2);
      }
    }
  }
  return out;
}

describe('resizeImage', () => {
  it('equals the rule computed pixel by pixel, for all sizes but exact halves', () => {
    const side = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(images, side, side, (source, width, height) => {
        fc.pre(!(source.width === 2 * width && source.height === 2 * height));
        fc.pre(source.width !== width || source.height !== height);
        expect([...resizeImage(source, width, height).data]).toEqual(
          slowResize(source, width, height),
        );
      }),
    );
  });

  it('averages blocks when both sides are halved', () => {
    const source = image(4, 2, (i) => i * 10);
    // red of the left block: (0 + 30 + 120 + 150 + 2) >> 2 = 75
    expect([...resizeImage(source, 2, 1).data]).toEqual([75, 85, 95, 135, 145, 155]);
  });

  it('keeps a flat image flat and does not touch its argument', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 255 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 30 }),
        (v, w, h) => {
          const source = image(9, 11, () => v);
          expect(new Set(resizeImage(source, w, h).data)).toEqual(new Set([v]));
          expect(new Set(source.data)).toEqual(new Set([v]));
        },
      ),
    );
    expect(() =>
      resizeImage(
        image(2, 2, () => 0),
        0,
        4,
      ),
    ).toThrow(RangeError);
  });

  it('takes a photograph to a training size in a few milliseconds', () => {
    const source = image(640, 480, (i) => (i * 7) & 255);
    resizeImage(source, 192, 144);
    const start = performance.now();
    for (let i = 0; i < 10; i++) resizeImage(source, 192, 144);
    // about 2 ms on one slow core; the bound only catches a wrong order of growth
    expect((performance.now() - start) / 10).toBeLessThan(40);
  });
});

describe('flipImage', () => {
  it('is its own inverse and swaps the columns', () => {
    fc.assert(
      fc.property(images, (source) => {
        expect(flipImage(flipImage(source)).data).toEqual(source.data);
      }),
    );
    expect([...flipImage(image(2, 1, (i) => i)).data]).toEqual([3, 4, 5, 0, 1, 2]);
  });
});

describe('orientImage', () => {
  it('moves every pixel where orientBoxes moves its box', () => {
    fc.assert(
      fc.property(images, fc.integer({ min: 1, max: 8 }), fc.nat(), (source, orientation, pick) => {
        const { width, height } = source;
        const [x, y] = [pick % width, Math.floor(pick / width) % height];
        const turned = orientImage(source, orientation);
        const box = orientBoxes(Float32Array.of(x, y, x + 1, y + 1), orientation, width, height);
        const [tx = 0, ty = 0] = box;
        expect([turned.width, turned.height]).toEqual(
          orientation >= 5 ? [height, width] : [width, height],
        );
        const at = 3 * (ty * turned.width + tx);
        const from = 3 * (y * width + x);
        expect([...turned.data.subarray(at, at + 3)]).toEqual([
          ...source.data.subarray(from, from + 3),
        ]);
      }),
    );
  });
});
