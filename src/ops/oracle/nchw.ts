/**
 * Changes of layout between PyTorch's arrays (maps NCHW, convolution weights OIHW) and ours (NHWC, HWIO). All are flat
 * arrays, row by row; results are new.
 */

interface Shaped {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

export interface FourD {
  readonly shape: [number, number, number, number];
  readonly data: Float32Array<ArrayBuffer>;
}

/** The axes of `source` in another order: axis i of the result is the source's axis `axes[i]`. */
function permuted({ shape, data }: Shaped, axes: readonly [number, number, number, number]): FourD {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((p, side) => p * side, 1));
  const pick = (of: readonly number[]): [number, number, number, number] => [
    of[axes[0]] ?? 0,
    of[axes[1]] ?? 0,
    of[axes[2]] ?? 0,
    of[axes[3]] ?? 0,
  ];
  const [d0, d1, d2, d3] = pick(shape);
  const [s0, s1, s2, s3] = pick(strides);
  const out = new Float32Array(d0 * d1 * d2 * d3);
  let at = 0;
  for (let i = 0; i < d0; i++)
    for (let j = 0; j < d1; j++)
      for (let k = 0; k < d2; k++)
        for (let l = 0; l < d3; l++) {
          out[at++] = data[i * s0 + j * s1 + k * s2 + l * s3] ?? Number.NaN;
        }
  return { shape: [d0, d1, d2, d3], data: out };
}

/** A feature map [N, C, H, W] as [N, H, W, C]. */
export function nchwToNhwc(map: Shaped): FourD {
  return permuted(map, [0, 2, 3, 1]);
}

/** A dense head's outputs per level, [N, A · C, H, W] each, as one image's rows [Σ H · W · A · C], MMDetection's order. */
export function headRows(levels: readonly Shaped[], image: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    levels.flatMap((level) => {
      const { shape, data } = nchwToNhwc(level);
      const size = data.length / shape[0];
      return Array.from(data.subarray(image * size, (image + 1) * size));
    }),
  );
}

/** A feature map [N, H, W, C] as [N, C, H, W]. */
export function nhwcToNchw(map: Shaped): FourD {
  return permuted(map, [0, 3, 1, 2]);
}

/** A convolution weight [O, I, KH, KW] as [KH, KW, I, O]. */
export function oihwToHwio(weight: Shaped): FourD {
  return permuted(weight, [2, 3, 1, 0]);
}

/** A convolution weight [KH, KW, I, O] as [O, I, KH, KW]. */
export function hwioToOihw(weight: Shaped): FourD {
  return permuted(weight, [3, 2, 0, 1]);
}

/** A matrix [rows, columns] on its side: a linear layer's weight, [outputs, inputs] in PyTorch, [inputs, outputs] here. */
export function transposed({ shape, data }: Shaped): {
  readonly shape: [number, number];
  readonly data: Float32Array<ArrayBuffer>;
} {
  const [rows = 0, columns = 0] = shape;
  const values = Float32Array.from(
    { length: rows * columns },
    (_, at) => data[(at % rows) * columns + Math.floor(at / rows)] ?? Number.NaN,
  );
  return { shape: [columns, rows], data: values };
}
