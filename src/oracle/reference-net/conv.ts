import { matmul, transpose } from './matmul.ts';
import { addTo, gradientOf } from './tape.ts';
import type { Tape, Value } from './tape.ts';

export interface ConvOptions {
  readonly stride: number;
  readonly padding: number;
}

/** Sizes of a convolution of one image. */
interface Sizes extends ConvOptions {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly kernel: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

/**
 * A convolution with a square kernel, as a product of matrices: x [N, H, W, CI], w [K, K, CI, CO], bias [CO] or null.
 */
export function conv(
  tape: Tape,
  x: Value,
  w: Value,
  bias: Value | null,
  options: ConvOptions,
): Value {
  const [batch = 0, height = 0, width = 0, channels = 0] = x.shape;
  const [kernel = 0, , , outChannels = 0] = w.shape;
  const side = (length: number) =>
    Math.floor((length + 2 * options.padding - kernel) / options.stride) + 1;
  const [outHeight, outWidth] = [side(height), side(width)];
  const sizes = { ...options, height, width, channels, kernel, outHeight, outWidth };
  const inner = kernel * kernel * channels;
  const pixels = outHeight * outWidth;
  const data = new Float32Array(batch * pixels * outChannels);
  const imageOf = (image: number) =>
    x.data.subarray(image * height * width * channels, (image + 1) * height * width * channels);
  for (let image = 0; image < batch; image++) {
    const product = matmul(patches(imageOf(image), sizes), w.data, pixels, inner, outChannels);
    data.set(product, image * pixels * outChannels);
  }
  if (bias !== null) addBias(data, bias.data);
  const inputs = [x, w, ...(bias === null ? [] : [bias])];
  return tape.record(data, [batch, outHeight, outWidth, outChannels], inputs, (dy) => {
    if (bias?.tracked === true) addColumnSums(gradientOf(bias), dy);
    const flipped = x.tracked ? transpose(w.data, inner, outChannels) : null;
    for (let image = 0; image < batch; image++) {
      const own = dy.subarray(image * pixels * outChannels, (image + 1) * pixels * outChannels);
      if (w.tracked) {
        const columns = transpose(patches(imageOf(image), sizes), pixels, inner);
        addTo(gradientOf(w), matmul(columns, own, inner, pixels, outChannels));
      }
      if (flipped !== null) {
        const back = matmul(own, flipped, pixels, outChannels, inner);
        addPatches(gradientOf(x), image * height * width * channels, back, sizes);
      }
    }
  });
}

/** The window of every output pixel as a row, [OH · OW, K · K · C]; zeros outside the image. */
function patches(image: Float32Array, sizes: Sizes): Float32Array {
  const { kernel, stride, padding } = sizes;
  if (kernel === 1 && stride === 1 && padding === 0) return image;
  const out = new Float32Array(sizes.outHeight * sizes.outWidth * kernel * kernel * sizes.channels);
  forEachTap(sizes, (at, from) => {
    out.set(image.subarray(from, from + sizes.channels), at);
  });
  return out;
}

/** The opposite of {@link patches}: adds every window to where it came from. */
function addPatches(target: Float32Array, start: number, rows: Float32Array, sizes: Sizes): void {
  const { channels } = sizes;
  forEachTap(sizes, (at, from) => {
    for (let c = 0; c < channels; c++) {
      const to = start + from + c;
      target[to] = (target[to] ?? 0) + (rows[at + c] ?? 0);
    }
  });
}

/** Calls back with the place in the rows and the place in the image of every tap inside the image. */
function forEachTap(sizes: Sizes, visit: (at: number, from: number) => void): void {
  const { height, width, channels, kernel, stride, padding, outHeight, outWidth } = sizes;
  let at = 0;
  for (let oy = 0; oy < outHeight; oy++)
    for (let ox = 0; ox < outWidth; ox++)
      for (let ky = 0; ky < kernel; ky++)
        for (let kx = 0; kx < kernel; kx++, at += channels) {
          const y = oy * stride + ky - padding;
          const x = ox * stride + kx - padding;
          if (y < 0 || x < 0 || y >= height || x >= width) continue;
          visit(at, (y * width + x) * channels);
        }
}

/** Adds a bias to every row. */
export function addBias(data: Float32Array, bias: Float32Array): void {
  for (let i = 0; i < data.length; i++) data[i] = (data[i] ?? 0) + (bias[i % bias.length] ?? 0);
}

/** Adds the sum of all rows. */
export function addColumnSums(target: Float32Array, rows: Float32Array): void {
  const sums = new Float64Array(target.length);
  for (let i = 0; i < rows.length; i++) {
    const column = i % sums.length;
    sums[column] = (sums[column] ?? 0) + (rows[i] ?? 0);
  }
  addTo(target, sums);
}
