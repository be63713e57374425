import type { Kernel } from '../../tensor/kernel.ts';
import type { Tile } from './tile.ts';
import {
  bufferType,
  declareAccumulators,
  multiplyAccumulate,
  repeat,
  vectorType,
} from './tile-code.ts';

/**
 * Gradient of a convolution with respect to its input: dX[n,y,x,:] = Σ over the taps whose output pixel exists of
 * dY[n, (y+p−ky·d)/s, (x+p−kx·d)/s, :] · Wᵀ[ky,kx].
 *
 * Buffers: dY f32 [N,OH,OW,CO], Wᵀ f32 [KH,KW,CO,CI] (see `weight-transpose.wgsl.ts`), dX f32 [N,H,W,CI].
 * With stride s the input pixels fall into s² phases, each of which meets only every s-th tap (every s/gcd(s, d)-th with
 * dilation d, or none): the z dimension of the grid runs over the phases (and over the folded rows), so that no tap is
 * tested and thrown away. From one of these taps to the next the output pixel moves back by d/gcd(s, d).
 * An invocation computes `tile.rows` pixels of one phase × `tile.columns` groups of input channels.
 */
export function convInputGradKernel(tile: Tile): Kernel {
  const { rows, columns, threadsX, threadsY, inVector, outVector } = tile;
  const column = (c: number): string => `min(column + ${c * threadsX}u, columns - 1u)`;
  const body = /* wgsl */ `
// The first tap k with (at − k·dilation) divisible by the stride; with none, one beyond every kernel.
fn firstTap(at: i32) -> u32 {
  for (var tap = 0u; tap < params.tapStep; tap++) {
    if ((at - i32(tap * params.dilation)) % i32(params.stride) == 0) { return tap; }
  }
  return params.kernelHeight + params.kernelWidth;
}

@compute @workgroup_size(${threadsX}, ${threadsY}, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  let stride = params.stride;
  let columns = params.columns;
  let steps = params.steps;
  let phases = stride * stride;
  let fold = group.z / phases;
  let phase = group.z - fold * phases;
  let phaseY = phase / stride;
  let phaseX = phase - phaseY * stride;
  let column = group.x * ${threadsX * columns}u + local.x;
  let first = ((group.y + fold * params.gridY) * ${threadsY}u + local.y) * ${rows}u;
  if (first >= params.phasePixels || column >= columns) { return; }
  // First tap of this phase in each direction, and the output pixel it meets for phase pixel 0.
  let tapY = firstTap(i32(phaseY + params.paddingY));
  let tapX = firstTap(i32(phaseX + params.paddingX));
  let outY0 = (i32(phaseY + params.paddingY) - i32(tapY * params.dilation)) / i32(stride);
  let outX0 = (i32(phaseX + params.paddingX) - i32(tapX * params.dilation)) / i32(stride);
  ${repeat(columns, (c) => `let column_${c} = ${column(c)};`)}
  ${repeat(
    rows,
    (r) => `
  let p_${r} = min(first + ${r}u, params.phasePixels - 1u);
  let row_${r} = p_${r} / params.phaseWidth;
  let image_${r} = row_${r} / params.phaseHeight;
  let qy_${r} = row_${r} - image_${r} * params.phaseHeight;
  let qx_${r} = p_${r} - row_${r} * params.phaseWidth;
  let base_${r} = i32(image_${r} * params.outHeight);`,
  )}
  ${declareAccumulators(tile)}
  var backY = 0;
  for (var ky = tapY; ky < params.kernelHeight; ky += params.tapStep) {
    var backX = 0;
    for (var kx = tapX; kx < params.kernelWidth; kx += params.tapStep) {
      ${repeat(
        rows,
        (r) => `
      let y_${r} = i32(qy_${r}) + outY0 - backY;
      let x_${r} = i32(qx_${r}) + outX0 - backX;
      let ok_${r} = u32(y_${r}) < params.outHeight && u32(x_${r}) < params.outWidth;
      let at_${r} = select(0u, u32((base_${r} + y_${r}) * i32(params.outWidth) + x_${r}) * steps, ok_${r});`,
      )}
      var weight = (ky * params.kernelWidth + kx) * steps * ${inVector}u * columns;
      for (var k = 0u; k < steps; k++) {
        ${multiplyAccumulate(
          tile,
          (r) => `select(${vectorType(inVector)}(0.0), dy[at_${r} + k], ok_${r})`,
          (k, c) => `wt[weight + ${k}u * columns + column_${c}]`,
        )}
        weight += ${inVector}u * columns;
      }
      backX += params.backStep;
    }
    backY += params.backStep;
  }
  ${repeat(
    rows,
    (r) => `
  let oy_${r} = qy_${r} * stride + phaseY;
  let ox_${r} = qx_${r} * stride + phaseX;
  if (first + ${r}u < params.phasePixels && oy_${r} < params.height && ox_${r} < params.width) {
    let out = ((image_${r} * params.height + oy_${r}) * params.width + ox_${r}) * columns + column;
    ${repeat(columns, (c) => `if (column + ${c * threadsX}u < columns) { dx[out + ${c * threadsX}u] = acc_${r}_${c}; }`)}
  }`,
  )}
}`;
  return {
    name: `conv2d_input_grad_${rows}x${columns}`,
    buffers: [
      { name: 'dy', type: bufferType(inVector), access: 'read' },
      { name: 'wt', type: bufferType(outVector), access: 'read' },
      { name: 'dx', type: bufferType(outVector), access: 'write' },
    ],
    params: [
      { name: 'phasePixels', type: 'u32' },
      { name: 'phaseHeight', type: 'u32' },
      { name: 'phaseWidth', type: 'u32' },
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
      { name: 'paddingY', type: 'u32' },
      { name: 'paddingX', type: 'u32' },
      { name: 'dilation', type: 'u32' },
      { name: 'tapStep', type: 'u32' },
      { name: 'backStep', type: 'i32' },
    ],
    body,
  };
}
