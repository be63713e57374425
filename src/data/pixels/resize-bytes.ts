import { rint } from './pixel-image.ts';

/** Weights are whole numbers of 1/2048 (cv2's INTER_RESIZE_COEF_BITS = 11). */
const COEF_SCALE = 2048;

/** For each output position: the first source position and the two weights. */
interface Taps {
  readonly first: Int32Array;
  readonly weight0: Int32Array;
  readonly weight1: Int32Array;
}

/**
 * cv2's half-pixel sampling positions. Horizontally the fraction is dropped at both borders (`clampFraction`);
 * vertically it is kept and the rows themselves are clamped.
 */
function sampleTaps(from: number, to: number, clampFraction: boolean): Taps {
  const taps: Taps = {
    first: new Int32Array(to),
    weight0: new Int32Array(to),
    weight1: new Int32Array(to),
  };
  const step = 1 / (to / from);
  for (let i = 0; i < to; i++) {
    const position = Math.fround((i + 0.5) * step - 0.5);
    let first = Math.floor(position);
    let fraction = Math.fround(position - first);
    if (clampFraction && first < 0) [first, fraction] = [0, 0];
    if (clampFraction && first >= from - 1) [first, fraction] = [from - 1, 0];
    taps.first[i] = first;
    taps.weight0[i] = rint(Math.fround(Math.fround(1 - fraction) * COEF_SCALE));
    taps.weight1[i] = rint(Math.fround(fraction * COEF_SCALE));
  }
  return taps;
}

/** Horizontal pass over one source row: whole-number sums in 1/2048, stored already shifted right by 4. */
function interpolateRow(
  data: Uint8Array,
  rowStart: number,
  lastPixel: number,
  taps: Taps,
  out: Int32Array,
): void {
  const { first, weight0, weight1 } = taps;
  for (let x = 0, at = 0; x < first.length; x++, at += 3) {
    const position = first[x] ?? 0;
    const left = rowStart + 3 * position;
    const right = position < lastPixel ? left + 3 : left;
    const [w0, w1] = [weight0[x] ?? 0, weight1[x] ?? 0];
    out[at] = ((data[left] ?? 0) * w0 + (data[right] ?? 0) * w1) >> 4;
    out[at + 1] = ((data[left + 1] ?? 0) * w0 + (data[right + 1] ?? 0) * w1) >> 4;
    out[at + 2] = ((data[left + 2] ?? 0) * w0 + (data[right + 2] ?? 0) * w1) >> 4;
  }
}

/** An image of 8-bit pixels. */
export interface ByteImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

function resizeLinear(image: ByteImage, width: number, height: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(3 * width * height);
  const columns = sampleTaps(image.width, width, true);
  const rows = sampleTaps(image.height, height, false);
  // Two interpolated source rows are kept, as neighbouring output rows mostly share them
  let [upper, lower] = [new Int32Array(3 * width), new Int32Array(3 * width)];
  let [upperRow, lowerRow] = [-1, -1];
  const lastRow = image.height - 1;
  const fill = (row: number, target: Int32Array): void =>
    interpolateRow(image.data, 3 * image.width * row, image.width - 1, columns, target);
  for (let y = 0; y < height; y++) {
    const first = rows.first[y] ?? 0;
    const top = Math.min(Math.max(first, 0), lastRow);
    const bottom = Math.min(Math.max(first + 1, 0), lastRow);
    if (top === lowerRow) {
      [upper, lower] = [lower, upper];
      [upperRow, lowerRow] = [lowerRow, upperRow];
    }
    if (top !== upperRow) fill(top, upper);
    upperRow = top;
    if (bottom !== lowerRow) {
      if (bottom === top) lower.set(upper);
      else fill(bottom, lower);
    }
    lowerRow = bottom;
    const [w0, w1] = [rows.weight0[y] ?? 0, rows.weight1[y] ?? 0];
    const start = 3 * width * y;
    for (let x = 0; x < 3 * width; x++) {
      out[start + x] = (((w0 * (upper[x] ?? 0)) >> 16) + ((w1 * (lower[x] ?? 0)) >> 16) + 2) >> 2;
    }
  }
  return out;
}

/** cv2 averages 2 × 2 blocks instead when both sides are halved exactly. */
function halve(image: ByteImage, width: number, height: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(3 * width * height);
  const { data } = image;
  const stride = 3 * image.width;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = 2 * y * stride + 6 * x;
      for (let c = from; c < from + 3; c++, at++) {
        out[at] =
          ((data[c] ?? 0) +
            (data[c + 3] ?? 0) +
            (data[c + stride] ?? 0) +
            (data[c + stride + 3] ?? 0) +
            2) >>
          2;
      }
    }
  }
  return out;
}

/**
 * cv2.resize with INTER_LINEAR on 8-bit pixels, bit for bit: fixed-point weights of 1/2048, half-pixel centres, no
 * antialiasing, and 2 × 2 averaging when both sides are halved exactly. The argument is not changed; the same image
 * comes back when the size is already right. Throws RangeError for a side below 1.
 */
export function resizeBytes(image: ByteImage, width: number, height: number): ByteImage {
  if (!(width >= 1 && height >= 1))
    throw new RangeError(
      `resizeBytes: expected a size of at least 1 × 1, got ${width} × ${height}`,
    );
  if (image.width === width && image.height === height) return image;
  const halved = image.width === 2 * width && image.height === 2 * height;
  const data = halved ? halve(image, width, height) : resizeLinear(image, width, height);
  return { width, height, data };
}
