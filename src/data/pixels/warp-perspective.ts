import { canvasLike, emptyLike, rint, toByte } from './pixel-image.ts';
import type { PixelImage, Rgb } from './pixel-image.ts';

/** A 3 × 3 matrix, row by row. */
export type Matrix3 = readonly [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

/** cv2 places samples on a grid of 1/32 pixel (INTER_BITS = 5) and computes in blocks of 1024 output pixels. */
const GRID = 32;
const BLOCK = 32;

/** cv2.invert of a 3 × 3 matrix, in its order of operations; undefined for a singular one. */
function invert3(m: Matrix3): Matrix3 | undefined {
  const [a, b, c, d, e, f, g, h, i] = m;
  const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  if (det === 0) return undefined;
  const r = 1 / det;
  return [
    (e * i - f * h) * r,
    (c * h - b * i) * r,
    (b * f - c * e) * r,
    (f * g - d * i) * r,
    (a * i - c * g) * r,
    (c * d - a * f) * r,
    (d * h - e * g) * r,
    (b * g - a * h) * r,
    (a * e - b * d) * r,
  ];
}

function clampInt(value: number): number {
  return rint(Math.max(-2147483648, Math.min(2147483647, value)));
}

function clampShort(value: number): number {
  return Math.max(-32768, Math.min(32767, value));
}

/**
 * cv2.warpPerspective with INTER_LINEAR and a constant border: each output pixel (x, y) is taken from where the inverse of
 * `matrix` leads, rounded to 1/32 pixel; of 8-bit pixels the weighted sum is rounded to whole numbers. `border` is the
 * colour outside the image. A singular matrix gives the border everywhere.
 */
export function warpPerspective(
  image: PixelImage,
  matrix: Matrix3,
  [width, height]: readonly [number, number],
  border: Rgb,
): PixelImage {
  const bytes = image.data instanceof Uint8Array;
  const outside: Rgb = bytes
    ? [toByte(border[0]), toByte(border[1]), toByte(border[2])]
    : [Math.fround(border[0]), Math.fround(border[1]), Math.fround(border[2])];
  const inverse = invert3(matrix);
  if (inverse === undefined) return canvasLike(image, width, height, outside);
  const out = { width, height, data: emptyLike(image.data, 3 * width * height) };
  const blend = bytes ? blendBytes : blendFloats;
  const [m0, m1, m2, m3, m4, m5, m6, m7, m8] = inverse;
  // The terms of a row are computed once per block, which shows in the last bit
  const blockWidth = Math.min((BLOCK * BLOCK) / Math.min(BLOCK / 2, height), width);
  for (let y = 0; y < height; y++) {
    for (let start = 0; start < width; start += Math.floor(blockWidth)) {
      const end = Math.min(start + Math.floor(blockWidth), width);
      const x0 = m0 * start + m1 * y + m2;
      const y0 = m3 * start + m4 * y + m5;
      const w0 = m6 * start + m7 * y + m8;
      for (let x = start; x < end; x++) {
        const w = w0 + m6 * (x - start);
        const scale = w === 0 ? 0 : GRID / w;
        const u = clampInt((x0 + m0 * (x - start)) * scale);
        const v = clampInt((y0 + m3 * (x - start)) * scale);
        const at = 3 * (width * y + x);
        blend(image, clampShort(u >> 5), clampShort(v >> 5), u & 31, v & 31, outside, out.data, at);
      }
    }
  }
  return out;
}

type Blend = (
  image: PixelImage,
  column: number,
  row: number,
  fx: number,
  fy: number,
  outside: Rgb,
  out: PixelImage['data'],
  at: number,
) => void;

/** Of the four neighbours of (column, row) the pixel at `dx`, `dy`, channel `c`; the border's colour outside. */
function pick(
  { width, height, data }: PixelImage,
  x: number,
  y: number,
  c: number,
  outside: Rgb,
): number {
  if (x < 0 || y < 0 || x >= width || y >= height) return outside[c] ?? 0;
  return data[3 * (width * y + x) + c] ?? 0;
}

const blendBytes: Blend = (image, column, row, fx, fy, outside, out, at) => {
  const { width, height, data } = image;
  const inside = column >= 0 && row >= 0 && column < width - 1 && row < height - 1;
  // Products of 1/32 × 1/32, in 1/1024: cv2 has them in 1/32768, all multiples of 32
  const [w0, w1] = [(32 - fx) * (32 - fy), fx * (32 - fy)];
  const [w2, w3] = [(32 - fx) * fy, fx * fy];
  const from = 3 * (width * row + column);
  const below = from + 3 * width;
  for (let c = 0; c < 3; c++) {
    const sum = inside
      ? (data[from + c] ?? 0) * w0 +
        (data[from + 3 + c] ?? 0) * w1 +
        (data[below + c] ?? 0) * w2 +
        (data[below + 3 + c] ?? 0) * w3
      : pick(image, column, row, c, outside) * w0 +
        pick(image, column + 1, row, c, outside) * w1 +
        pick(image, column, row + 1, c, outside) * w2 +
        pick(image, column + 1, row + 1, c, outside) * w3;
    out[at + c] = (sum + 512) >> 10;
  }
};

const blendFloats: Blend = (image, column, row, fx, fy, outside, out, at) => {
  const f32 = Math.fround;
  const { width, height } = image;
  if (column >= width || column + 1 < 0 || row >= height || row + 1 < 0) {
    out.set(outside, at);
    return;
  }
  // Products of whole 1/32 are exact in float32
  const [w0, w1] = [((32 - fx) * (32 - fy)) / 1024, (fx * (32 - fy)) / 1024];
  const [w2, w3] = [((32 - fx) * fy) / 1024, (fx * fy) / 1024];
  for (let c = 0; c < 3; c++) {
    const upper = f32(
      f32(pick(image, column, row, c, outside) * w0) +
        f32(pick(image, column + 1, row, c, outside) * w1),
    );
    const three = f32(upper + f32(pick(image, column, row + 1, c, outside) * w2));
    out[at + c] = three + f32(pick(image, column + 1, row + 1, c, outside) * w3);
  }
};
