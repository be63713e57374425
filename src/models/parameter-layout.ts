/**
 * How a parameter lies on the GPU, and back: checkpoints, initialisers and tests see PyTorch's order, kernels their own.
 * The functions return a fresh array, or the argument itself where nothing moves.
 */
export interface ParameterLayout {
  readonly gpuShape: readonly number[];
  toGpu(values: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer>;
  toTorch(values: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer>;
}

/** Makes the layout of a parameter of PyTorch's shape. */
export type LayoutOf = (shape: readonly number[]) => ParameterLayout;

/** The same order in both: vectors and scalars. */
export const sameLayout: LayoutOf = (shape) => ({
  gpuShape: [...shape],
  toGpu: (values) => values,
  toTorch: (values) => values,
});

/** A convolution's weight: [CO, CI/groups, KH, KW] in PyTorch, [KH, KW, CI/groups, CO] on the GPU. */
export const convLayout: LayoutOf = (shape) => {
  const [outs, ins, height, width] = shape;
  if (outs === undefined || ins === undefined || height === undefined || width === undefined) {
    throw new Error(`convLayout: a weight of four sides wanted, got [${shape.join(', ')}]`);
  }
  return outerSideLast([outs, ins, height, width], [height, width, ins, outs]);
};

/** Sides of a feature map. */
export interface FeatureMapSides {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/**
 * A linear layer's weight: [out, in] in PyTorch, [in, out] on the GPU.
 *
 * @param flattenOf the map that the layer reads flattened, if it does: PyTorch's input c·H·W + y·W + x (NCHW) is then
 * (y·W + x)·C + c on the GPU (NHWC), as if the layer were a convolution as large as the map
 */
export function linearLayout(flattenOf?: FeatureMapSides): LayoutOf {
  return (shape) => {
    const [outs, ins] = shape;
    if (outs === undefined || ins === undefined || shape.length !== 2) {
      throw new Error(`linearLayout: a weight of two sides wanted, got [${shape.join(', ')}]`);
    }
    const { channels, height, width } = flattenOf ?? { channels: ins, height: 1, width: 1 };
    if (channels * height * width !== ins) {
      throw new Error(`linearLayout: ${channels} × ${height} × ${width} is not ${ins} inputs`);
    }
    return outerSideLast([outs, channels, height, width], [ins, outs]);
  };
}

type Sides = readonly [outs: number, ins: number, height: number, width: number];

/** OIHW in PyTorch, HWIO on the GPU, where its sides go by `gpuShape`. */
function outerSideLast(sides: Sides, gpuShape: readonly number[]): ParameterLayout {
  return {
    gpuShape,
    toGpu: (values) => permute(values, sides, true),
    toTorch: (values) => permute(values, sides, false),
  };
}

function permute(
  values: Float32Array<ArrayBuffer>,
  [outs, ins, height, width]: Sides,
  toGpu: boolean,
): Float32Array<ArrayBuffer> {
  const result = new Float32Array(values.length);
  let oihw = 0;
  for (let o = 0; o < outs; o++)
    for (let i = 0; i < ins; i++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const hwio = ((y * width + x) * ins + i) * outs + o;
          if (toGpu) result[hwio] = values[oihw] ?? Number.NaN;
          else result[oihw] = values[hwio] ?? Number.NaN;
          oihw += 1;
        }
  return result;
}
