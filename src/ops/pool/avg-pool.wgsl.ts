import type { Kernel } from '../../tensor/kernel.ts';

const PARAMS = [
  { name: 'count', type: 'u32' },
  { name: 'rowSize', type: 'u32' },
  { name: 'height', type: 'u32' },
  { name: 'width', type: 'u32' },
  { name: 'channels', type: 'u32' },
  { name: 'outHeight', type: 'u32' },
  { name: 'outWidth', type: 'u32' },
  { name: 'kernelSize', type: 'u32' },
] as const satisfies Kernel['params'];

/**
 * Mean over windows that touch and do not overlap; the last of a row or column is cut off at the edge and divided by the
 * pixels that it has. Buffers: x f32 [N,H,W,C], y f32 [N,OH,OW,C]. One invocation per output element, added in row order.
 */
export const avgPoolKernel: Kernel = {
  name: 'avg_pool',
  buffers: [
    { name: 'x', type: 'f32', access: 'read' },
    { name: 'y', type: 'f32', access: 'write' },
  ],
  params: PARAMS,
  body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let pixel = index / params.channels;
  let channel = index - pixel * params.channels;
  let row = pixel / params.outWidth;
  let image = row / params.outHeight;
  let y0 = (row - image * params.outHeight) * params.kernelSize;
  let x0 = (pixel - row * params.outWidth) * params.kernelSize;
  let y1 = min(y0 + params.kernelSize, params.height);
  let x1 = min(x0 + params.kernelSize, params.width);
  var sum = 0.0;
  for (var iy = y0; iy < y1; iy++) {
    for (var ix = x0; ix < x1; ix++) {
      sum += x[((image * params.height + iy) * params.width + ix) * params.channels + channel];
    }
  }
  y[index] = sum / f32((y1 - y0) * (x1 - x0));
}`,
};

/**
 * Gradient of {@link avgPoolKernel}: each pixel takes its window's gradient, divided by the window's pixels. Buffers: dy f32
 * [N,OH,OW,C], dx f32 [N,H,W,C]. One invocation per input element.
 */
export const avgPoolGradKernel: Kernel = {
  name: 'avg_pool_grad',
  buffers: [
    { name: 'dy', type: 'f32', access: 'read' },
    { name: 'dx', type: 'f32', access: 'write' },
  ],
  params: PARAMS,
  body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let pixel = index / params.channels;
  let channel = index - pixel * params.channels;
  let row = pixel / params.width;
  let image = row / params.height;
  let oy = (row - image * params.height) / params.kernelSize;
  let ox = (pixel - row * params.width) / params.kernelSize;
  let rows = min(params.kernelSize, params.height - oy * params.kernelSize);
  let columns = min(params.kernelSize, params.width - ox * params.kernelSize);
  let at = ((image * params.outHeight + oy) * params.outWidth + ox) * params.channels + channel;
  dx[index] = dy[at] / f32(rows * columns);
}`,
};
