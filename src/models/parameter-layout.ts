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
  return permutation([height, width, ins, outs], (torch) => {
    const plane = Math.floor(torch / (height * width));
    const tap = torch - plane * height * width;
    const out = Math.floor(plane / ins);
    return (tap * ins + plane - out * ins) * outs + out;
  });
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
 * (y·W + x)·C + c on the GPU (NHWC)
 */
export function linearLayout(flattenOf?: FeatureMapSides): LayoutOf {
  return (shape) => {
    const [outs, ins] = shape;
    if (outs === undefined || ins === undefined || shape.length !== 2) {
      throw new Error(`linearLayout: a weight of two sides wanted, got [${shape.join(', ')}]`);
    }
    const { channels, height, width } = flattenOf ?? { channels: ins, height: 1, width: 1 };
    const cells = height * width;
    if (channels * cells !== ins) {
      throw new Error(`linearLayout: ${channels} × ${height} × ${width} is not ${ins} inputs`);
    }
    return permutation([ins, outs], (torch) => {
      const out = Math.floor(torch / ins);
      const input = torch - out * ins;
      const channel = Math.floor(input / cells);
      return ((input - channel * cells) * channels + channel) * outs + out;
    });
  };
}

function permutation(
  gpuShape: readonly number[],
  gpuIndex: (torchIndex: number) => number,
): ParameterLayout {
  return {
    gpuShape,
    toGpu(values) {
      const result = new Float32Array(values.length);
      values.forEach((value, torch) => {
        result[gpuIndex(torch)] = value;
      });
      return result;
    },
    toTorch: (values) => values.map((_, torch) => values[gpuIndex(torch)] ?? Number.NaN),
  };
}
