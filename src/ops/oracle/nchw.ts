import type { PackedArray } from './casepack.ts';

/** Reads a flat array at permuted positions: element i of the result is the source's element at `from(i)`. */
function permuted(data: ArrayLike<number>, from: (i: number) => number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: data.length }, (_, i) => data[from(i)] ?? Number.NaN);
}

/** A feature map of a casepack, [N, C, H, W], as [N, H, W, C]. */
export function nchwToNhwc({ shape, data }: PackedArray): {
  readonly shape: [number, number, number, number];
  readonly data: Float32Array<ArrayBuffer>;
} {
  const [n = 0, c = 0, h = 0, w = 0] = shape;
  const values = permuted(data, (i) => {
    const pixel = Math.floor(i / c);
    const image = Math.floor(pixel / (h * w));
    return (image * c + (i % c)) * h * w + (pixel % (h * w));
  });
  return { shape: [n, h, w, c], data: values };
}

/** A dense head's outputs per level, [N, A · C, H, W] each, as one image's rows [Σ H · W · A · C], MMDetection's order. */
export function headRows(levels: readonly PackedArray[], image: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    levels.flatMap((level) => {
      const { shape, data } = nchwToNhwc(level);
      const size = data.length / shape[0];
      return Array.from(data.subarray(image * size, (image + 1) * size));
    }),
  );
}

/** A convolution weight of a casepack, [O, I, K, K], as [K, K, I, O]. */
export function oihwToHwio({ shape, data }: PackedArray): {
  readonly shape: [number, number, number, number];
  readonly data: Float32Array<ArrayBuffer>;
} {
  const [o = 0, i = 0, h = 0, w = 0] = shape;
  const values = permuted(data, (at) => {
    const row = Math.floor(at / o);
    const tap = Math.floor(row / i);
    return ((at % o) * i + (row % i)) * h * w + tap;
  });
  return { shape: [h, w, i, o], data: values };
}

/** A linear layer's weight of a casepack, [O, I], as [I, O]. */
export function transposed({ shape, data }: PackedArray): {
  readonly shape: [number, number];
  readonly data: Float32Array<ArrayBuffer>;
} {
  const [o = 0, i = 0] = shape;
  return { shape: [i, o], data: permuted(data, (at) => (at % o) * i + Math.floor(at / o)) };
}
