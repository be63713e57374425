import type { Kernel } from '../../tensor/kernel.ts';
import type { Tile } from './tile.ts';
import {
  bufferType,
  declareAccumulators,
  multiplyAccumulate,
  repeat,
  vectorType,
} from './tile-code.ts';

/** Everything that changes the text of the kernel; shapes are parameters, so a few pipelines serve a whole network. */
export interface ConvForwardSpec {
  readonly tile: Tile;
  readonly bias: boolean;
  readonly relu: boolean;
}

/**
 * Convolution as an implicit matrix product: Y[n,oy,ox,:] = Σ_{ky,kx} X[n, oy·s+ky·d−p, ox·s+kx·d−p, :] · W[ky,kx]
 * (+ bias, then ReLU).
 *
 * Buffers: X f32 [N,H,W,CI], W f32 [KH,KW,CI,CO], bias f32 [CO] (if `bias`), Y f32 [N,OH,OW,CO].
 * An invocation computes `tile.rows` consecutive output pixels × `tile.columns` column groups, `threadsX` groups apart.
 * One pass, 2·N·OH·OW·CO·CI·KH·KW flops. Summation order: taps, then channels, fixed. NaN and infinity propagate from
 * valid pixels only: padding is selected, never multiplied by zero.
 */
export function convForwardKernel({ tile, bias, relu }: ConvForwardSpec): Kernel {
  const { rows, columns, threadsX, threadsY, inVector, outVector } = tile;
  const column = (c: number): string => `min(column + ${c * threadsX}u, columns - 1u)`;
  const body = /* wgsl */ `
@compute @workgroup_size(${threadsX}, ${threadsY}, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  let pixels = params.pixels;
  let columns = params.columns;
  let steps = params.steps;
  let column = group.x * ${threadsX * columns}u + local.x;
  let first = ((group.y + group.z * params.gridY) * ${threadsY}u + local.y) * ${rows}u;
  if (first >= pixels || column >= columns) { return; }
  ${repeat(columns, (c) => `let column_${c} = ${column(c)};`)}
  ${repeat(
    rows,
    (r) => `
  let p_${r} = min(first + ${r}u, pixels - 1u);
  let row_${r} = p_${r} / params.outWidth;
  let image_${r} = row_${r} / params.outHeight;
  let y0_${r} = i32((row_${r} - image_${r} * params.outHeight) * params.stride) - params.paddingY;
  let x0_${r} = i32((p_${r} - row_${r} * params.outWidth) * params.stride) - params.paddingX;
  let base_${r} = i32(image_${r} * params.height);`,
  )}
  ${declareAccumulators(tile)}
  for (var ky = 0u; ky < params.kernelHeight; ky++) {
    for (var kx = 0u; kx < params.kernelWidth; kx++) {
      ${repeat(
        rows,
        (r) => `
      let y_${r} = y0_${r} + i32(ky * params.dilation);
      let x_${r} = x0_${r} + i32(kx * params.dilation);
      let ok_${r} = u32(y_${r}) < params.height && u32(x_${r}) < params.width;
      let at_${r} = select(0u, u32((base_${r} + y_${r}) * i32(params.width) + x_${r}) * steps, ok_${r});`,
      )}
      var weight = (ky * params.kernelWidth + kx) * steps * ${inVector}u * columns;
      for (var k = 0u; k < steps; k++) {
        ${multiplyAccumulate(
          tile,
          (r) => `select(${vectorType(inVector)}(0.0), x[at_${r} + k], ok_${r})`,
          (k, c) => `w[weight + ${k}u * columns + column_${c}]`,
        )}
        weight += ${inVector}u * columns;
      }
    }
  }
  ${bias ? repeat(columns, (c) => `let bias_${c} = bias[column_${c}];`) : ''}
  ${repeat(rows, (r) =>
    repeat(columns, (c) => {
      const sum = bias ? `acc_${r}_${c} + bias_${c}` : `acc_${r}_${c}`;
      const value = relu ? `max(${sum}, ${vectorType(outVector)}(0.0))` : sum;
      return `if (first + ${r}u < pixels && column + ${c * threadsX}u < columns) { y[(first + ${r}u) * columns + column + ${c * threadsX}u] = ${value}; }`;
    }),
  )}
}`;
  return {
    name: `conv2d_${rows}x${columns}`,
    buffers: [
      { name: 'x', type: bufferType(inVector), access: 'read' },
      { name: 'w', type: bufferType(outVector), access: 'read' },
      ...(bias ? [{ name: 'bias', type: bufferType(outVector), access: 'read' } as const] : []),
      { name: 'y', type: bufferType(outVector), access: 'write' },
    ],
    params: [
      { name: 'pixels', type: 'u32' },
      { name: 'columns', type: 'u32' },
      { name: 'steps', type: 'u32' },
      { name: 'gridY', type: 'u32' },
      { name: 'height', type: 'u32' },
      { name: 'width', type: 'u32' },
      { name: 'outHeight', type: 'u32' },
      { name: 'outWidth', type: 'u32' },
      { name: 'kernelHeight', type: 'u32' },
      { name: 'kernelWidth', type: 'u32' },
      { name: 'stride', type: 'u32' },
      { name: 'paddingY', type: 'i32' },
      { name: 'paddingX', type: 'i32' },
      { name: 'dilation', type: 'u32' },
    ],
    body,
  };
}
