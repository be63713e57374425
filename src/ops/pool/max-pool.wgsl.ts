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
  { name: 'stride', type: 'u32' },
  { name: 'padding', type: 'u32' },
] as const satisfies Kernel['params'];

/**
 * Max pooling that also gives the tap (ky·K + kx) of each maximum; the first one wins, in row order, as in PyTorch.
 * Buffers: x f32 [N,H,W,C], y f32 [N,OH,OW,C], tap i32 like y. One invocation per output element.
 */
export const maxPoolKernel: Kernel = {
  name: 'max_pool',
  buffers: [
    { name: 'x', type: 'f32', access: 'read' },
    { name: 'y', type: 'f32', access: 'write' },
    { name: 'tap', type: 'i32', access: 'write' },
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
  let y0 = i32((row - image * params.outHeight) * params.stride) - i32(params.padding);
  let x0 = i32((pixel - row * params.outWidth) * params.stride) - i32(params.padding);
  var best = 0.0;
  var bestTap = -1;
  for (var ky = 0; ky < i32(params.kernelSize); ky++) {
    for (var kx = 0; kx < i32(params.kernelSize); kx++) {
      let iy = y0 + ky;
      let ix = x0 + kx;
      if (u32(iy) >= params.height || u32(ix) >= params.width) { continue; }
      let value = x[((image * params.height + u32(iy)) * params.width + u32(ix)) * params.channels + channel];
      if (bestTap < 0 || value > best) {
        best = value;
        bestTap = ky * i32(params.kernelSize) + kx;
      }
    }
  }
  y[index] = best;
  tap[index] = bestTap;
}`,
};

/**
 * Gradient of max pooling, gathered: each input pixel adds the gradients of the windows whose maximum it was, in row
 * order. Buffers: dy f32 [N,OH,OW,C], tap i32 like dy, dx f32 [N,H,W,C]. One invocation per input element.
 */
export const maxPoolGradKernel: Kernel = {
  name: 'max_pool_grad',
  buffers: [
    { name: 'dy', type: 'f32', access: 'read' },
    { name: 'tap', type: 'i32', access: 'read' },
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
  let iy = i32(row - image * params.height) + i32(params.padding);
  let ix = i32(pixel - row * params.width) + i32(params.padding);
  let k = i32(params.kernelSize);
  let s = i32(params.stride);
  var sum = 0.0;
  for (var oy = max(0, (iy - k + s) / s); oy <= iy / s && oy < i32(params.outHeight); oy++) {
    for (var ox = max(0, (ix - k + s) / s); ox <= ix / s && ox < i32(params.outWidth); ox++) {
      let ky = iy - oy * s;
      let kx = ix - ox * s;
      let at = ((image * params.outHeight + u32(oy)) * params.outWidth + u32(ox)) * params.channels + channel;
      if (ky < k && kx < k && tap[at] == ky * k + kx) { sum += dy[at]; }
    }
  }
  dx[index] = sum;
}`,
};
