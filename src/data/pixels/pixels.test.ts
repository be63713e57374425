import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RgbImage } from '../dataset.ts';
import { orientBoxes } from '../../boxes/convert.ts';
import { flipImage } from './flip.ts';
import type { FlipDirection } from './flip.ts';
import { orientImage } from './orient.ts';
import { rescaleSize } from './rescale-size.ts';
import { hsvToRgb, rgbToHsv } from './hsv.ts';
import { resizeBytes } from './resize-bytes.ts';
import { resizeImage } from './resize-image.ts';
import { targetSize } from './target-size.ts';
import { warpPerspective } from './warp-perspective.ts';
import type { Matrix3 } from './warp-perspective.ts';
import type { PixelImage } from './pixel-image.ts';

const ORACLE = '../shared/oracle/mmdet/image_ops.json';

interface ImageOps {
  rescale_size_wh: {
    old_wh: [number, number];
    scale: [number, number];
    new_wh: [number, number];
    scale_factor_wh: [number, number];
  }[];
  cv2_bilinear_uint8: { size_wh: [number, number]; out: number[][][] }[];
  cv2_bilinear_float32: { size_wh: [number, number]; out: number[][][] }[];
  'bgr2hsv_float32(0..255 input)': number[][][];
  'hsv2bgr(bgr2hsv)': number[][][];
}

function image(width: number, height: number, value: (i: number) => number): RgbImage {
  return {
    width,
    height,
    data: Uint8Array.from({ length: 3 * width * height }, (_, i) => value(i)),
  };
}

/** Blue first to red first, and back. */
function swapped(pixels: Float32Array): Float32Array {
  return pixels.map((_, i) => pixels[i + 2 - 2 * (i % 3)] ?? 0);
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
      : {
          rescale_size_wh: [],
          cv2_bilinear_uint8: [],
          cv2_bilinear_float32: [],
          'bgr2hsv_float32(0..255 input)': [],
          'hsv2bgr(bgr2hsv)': [],
        };
    const floats = Float32Array.from({ length: 105 }, (_, i) => (37 * i) % 256);

    it('gives every size and factor', () => {
      expect(oracle.rescale_size_wh.length).toBeGreaterThan(20);
      for (const { old_wh, scale, new_wh, scale_factor_wh } of oracle.rescale_size_wh) {
        const { width, height, scaleFactor } = rescaleSize(...old_wh, scale, true);
        expect([width, height]).toEqual(new_wh);
        expect(scaleFactor).toEqual(scale_factor_wh);
      }
    });

    it('gives every float pixel, bit for bit', () => {
      expect(oracle.cv2_bilinear_float32.length).toBeGreaterThan(1);
      for (const { size_wh, out } of oracle.cv2_bilinear_float32) {
        const resized = resizeImage({ width: 7, height: 5, data: floats }, ...size_wh);
        expect([...resized.data], size_wh.join('×')).toEqual(out.flat(2));
      }
    });

    it('goes to HSV bit for bit, and back within one unit of the last place', () => {
      const hsv = oracle['bgr2hsv_float32(0..255 input)'].flat(2);
      expect([...rgbToHsv(swapped(floats))]).toEqual(hsv);
      const back = swapped(hsvToRgb(Float32Array.from(hsv)));
      oracle['hsv2bgr(bgr2hsv)'].flat(2).forEach((value, i) => {
        expect(Math.abs((back[i] ?? -1) - value)).toBeLessThan(2e-5);
      });
    });

    it('gives every pixel', () => {
      const source = image(7, 5, (i) => (37 * i) % 256);
      expect(oracle.cv2_bilinear_uint8.length).toBeGreaterThan(2);
      for (const { size_wh, out } of oracle.cv2_bilinear_uint8) {
        expect([...resizeBytes(source, ...size_wh).data], size_wh.join('×')).toEqual(out.flat(2));
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

describe('resizeBytes', () => {
  it('equals the rule computed pixel by pixel, for all sizes but exact halves', () => {
    const side = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(images, side, side, (source, width, height) => {
        fc.pre(!(source.width === 2 * width && source.height === 2 * height));
        fc.pre(source.width !== width || source.height !== height);
        expect([...resizeBytes(source, width, height).data]).toEqual(
          slowResize(source, width, height),
        );
      }),
    );
  });

  it('averages blocks when both sides are halved', () => {
    const source = image(4, 2, (i) => i * 10);
    // red of the left block: (0 + 30 + 120 + 150 + 2) >> 2 = 75
    expect([...resizeBytes(source, 2, 1).data]).toEqual([75, 85, 95, 135, 145, 155]);
  });

  it('keeps a flat image flat and does not touch its argument', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 255 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 30 }),
        (v, w, h) => {
          const source = image(9, 11, () => v);
          expect(new Set(resizeBytes(source, w, h).data)).toEqual(new Set([v]));
          expect(new Set(source.data)).toEqual(new Set([v]));
        },
      ),
    );
    expect(() =>
      resizeBytes(
        image(2, 2, () => 0),
        0,
        4,
      ),
    ).toThrow(RangeError);
  });

  it('takes a photograph to a training size in a few milliseconds', () => {
    const source = image(640, 480, (i) => (i * 7) & 255);
    resizeBytes(source, 192, 144);
    const start = performance.now();
    for (let i = 0; i < 10; i++) resizeBytes(source, 192, 144);
    // about 2 ms on one slow core; the bound only catches a wrong order of growth
    expect((performance.now() - start) / 10).toBeLessThan(40);
  });
});

describe('flipImage', () => {
  it('is its own inverse and swaps the columns', () => {
    fc.assert(
      fc.property(
        images,
        fc.constantFrom('horizontal', 'vertical', 'diagonal'),
        (source, direction) => {
          expect(flipImage(flipImage(source, direction), direction).data).toEqual(source.data);
        },
      ),
    );
    const square = image(2, 2, (i) => Math.floor(i / 3));
    const flipped = (direction: FlipDirection): number[] =>
      [...flipImage(square, direction).data].filter((_, i) => i % 3 === 0);
    expect(flipped('horizontal')).toEqual([1, 0, 3, 2]);
    expect(flipped('vertical')).toEqual([2, 3, 0, 1]);
    expect(flipped('diagonal')).toEqual([3, 2, 1, 0]);
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

describe('targetSize', () => {
  it('takes a scale, a factor or a short edge (by hand)', () => {
    const size = (spec: Parameters<typeof targetSize>[2]): number[] => {
      const { width, height } = targetSize(640, 480, spec);
      return [width, height];
    };
    expect(size({ scale: [1333, 800], keepRatio: true })).toEqual([1067, 800]);
    expect(size({ scale: [300, 200], keepRatio: false })).toEqual([300, 200]);
    // int(640 · 0.3 + 0.5) = 192, int(480 · 0.7 + 0.5) = 336, taken as they are or as a frame
    expect(size({ factor: [0.3, 0.7], keepRatio: false })).toEqual([192, 336]);
    expect(size({ factor: [0.3, 0.7], keepRatio: true })).toEqual([256, 192]);
    expect(size({ shortEdge: 240, maxSize: null, keepRatio: false })).toEqual([320, 240]);
    // 320 is above 300: all by 300 / 320
    expect(size({ shortEdge: 240, maxSize: 300, keepRatio: false })).toEqual([300, 225]);
    expect(targetSize(480, 640, { shortEdge: 240, maxSize: 300, keepRatio: true })).toMatchObject({
      width: 225,
      height: 300,
    });
  });
});

describe('resizeImage of floats', () => {
  it('averages blocks when both sides are halved, and leaves a right size alone', () => {
    const source = { width: 2, height: 2, data: Float32Array.from({ length: 12 }, (_, i) => i) };
    expect([...resizeImage(source, 1, 1).data]).toEqual([4.5, 5.5, 6.5]);
    expect(resizeImage(source, 2, 2)).toBe(source);
  });
});

describe('hsv', () => {
  it('names primary colours, greys and mixtures (by hand)', () => {
    const colours: [number[], number[]][] = [
      [
        [255, 0, 0],
        [0, 1, 255],
      ],
      [
        [0, 255, 0],
        [120, 1, 255],
      ],
      [
        [0, 0, 255],
        [240, 1, 255],
      ],
      [
        [80, 80, 80],
        [0, 0, 80],
      ],
      [
        [0, 0, 0],
        [0, 0, 0],
      ],
      // (200 − 50) / 200 = 0.75; red and blue mixed: 60 · (50 − 125) / 150 + 360 = 330
      [
        [200, 50, 125],
        [330, 0.75, 200],
      ],
    ];
    for (const [rgb, hsv] of colours) {
      const found = rgbToHsv(Float32Array.from(rgb));
      hsv.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 3));
      hsvToRgb(found).forEach((value, i) => expect(value).toBeCloseTo(rgb[i] ?? -1, 3));
    }
  });

  it('comes back to the same colours', () => {
    const channel = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(channel, channel, channel, (...rgb) => {
        const back = hsvToRgb(rgbToHsv(Float32Array.from(rgb)));
        rgb.forEach((value, i) => expect(back[i]).toBeCloseTo(value, 2));
      }),
    );
  });
});

/** 1.25 × a turn by 30°, and a shift. */
const CV2_MATRIX: Matrix3 = [
  1.0825318098068237, -0.625, 0.5, 0.625, 1.0825318098068237, -0.75, 0, 0, 1,
];
const CV2_WARPED = [
  33, 84, 135, 117, 119, 59, 126, 174, 73, 92, 116, 144, 114, 80, 133, 198, 8, 61, 116, 130, 160,
  122, 89, 142, 190, 72, 125, 191, 103, 77, 111, 164, 148, 47, 80, 133,
];

describe('warpPerspective', () => {
  const identity: Matrix3 = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const grey = [114, 114, 114] as const;

  it('moves by whole pixels without loss, bytes and floats', () => {
    const by = (dx: number, dy: number): Matrix3 => [1, 0, dx, 0, 1, dy, 0, 0, 1];
    fc.assert(
      fc.property(images, fc.integer({ min: -5, max: 5 }), fc.boolean(), (source, dx, real) => {
        const { width, height } = source;
        const image: PixelImage = real
          ? { width, height, data: Float32Array.from(source.data) }
          : source;
        expect(warpPerspective(image, identity, [width, height], grey).data).toEqual(image.data);
        const moved = warpPerspective(image, by(dx, 1), [width, height], grey);
        for (let x = 0; x < width; x++) {
          expect(moved.data[3 * x]).toBe(114);
          if (height < 2) continue;
          const inside = x - dx >= 0 && x - dx < width;
          expect(moved.data[3 * (width + x)]).toBe(inside ? image.data[3 * (x - dx)] : 114);
        }
      }),
    );
  });

  it('interpolates on a grid of 1/32 (by hand)', () => {
    const source = image(2, 1, (i) => (i < 3 ? 100 : 200));
    const shifted = (dx: number): number | undefined =>
      warpPerspective(source, [1, 0, -dx, 0, 1, 0, 0, 0, 1], [1, 1], grey).data[0];
    expect(shifted(0.5)).toBe(150);
    // 1/64 is half of 1/32, and goes to the even neighbour 0; 3/64 goes to 2/32
    expect(shifted(1 / 64)).toBe(100);
    expect(shifted(3 / 64)).toBe(106);
    // half the border: (200 + 114) / 2
    expect(shifted(1.5)).toBe(157);
  });

  it('gives the values of cv2 4.6 for a turned, scaled image', () => {
    const source = image(5, 4, (i) => (53 * i) % 251);
    const out = warpPerspective(source, CV2_MATRIX, [4, 3], grey);
    expect([...out.data]).toEqual(CV2_WARPED);
  });

  it('gives the border for a matrix without an inverse', () => {
    const flat: Matrix3 = [0, 0, 0, 0, 0, 0, 0, 0, 1];
    const out = warpPerspective(
      image(2, 2, () => 9),
      flat,
      [2, 1],
      grey,
    );
    expect([...out.data]).toEqual([114, 114, 114, 114, 114, 114]);
  });
});
