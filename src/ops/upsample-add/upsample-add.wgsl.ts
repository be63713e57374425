import type { Kernel } from '../../tensor/kernel.ts';

const PARAMS = [
  { name: 'count', type: 'u32' },
  { name: 'rowSize', type: 'u32' },
  { name: 'height', type: 'u32' },
  { name: 'width', type: 'u32' },
  { name: 'channels', type: 'u32' },
  { name: 'smallHeight', type: 'u32' },
  { name: 'smallWidth', type: 'u32' },
] as const satisfies Kernel['params'];

/**
 * FPN's top-down step: y = lateral + nearest(small), where the source index is floor(dst·small/large) as in PyTorch's
 * interpolate with `size` (which multiplies by a float32 ratio: the same for every pair of sides that a pyramid has; the
 * twin's test proves it). Buffers: lateral f32 [N,H,W,C], small f32 [N,h,w,C], y f32 like lateral. One invocation per
 * element of y.
 */
export const upsampleAddKernel: Kernel = {
  name: 'upsample_add',
  buffers: [
    { name: 'lateral', type: 'f32', access: 'read' },
    { name: 'small', type: 'f32', access: 'read' },
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
  let row = pixel / params.width;
  let image = row / params.height;
  let sy = (row - image * params.height) * params.smallHeight / params.height;
  let sx = (pixel - row * params.width) * params.smallWidth / params.width;
  y[index] = lateral[index] + small[((image * params.smallHeight + sy) * params.smallWidth + sx) * params.channels + channel];
}`,
};

/**
 * Gradient with respect to the small map: each of its pixels adds the gradients of the pixels that copied it, in row
 * order. Those are dst in [ceil(s·H/h), ceil((s+1)·H/h)). Buffers: dy f32 [N,H,W,C], dx f32 [N,h,w,C]. One invocation
 * per element of dx.
 */
export const upsampleGradKernel: Kernel = {
  name: 'upsample_grad',
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
  let row = pixel / params.smallWidth;
  let image = row / params.smallHeight;
  let sy = row - image * params.smallHeight;
  let sx = pixel - row * params.smallWidth;
  let y0 = (sy * params.height + params.smallHeight - 1u) / params.smallHeight;
  let y1 = ((sy + 1u) * params.height + params.smallHeight - 1u) / params.smallHeight;
  let x0 = (sx * params.width + params.smallWidth - 1u) / params.smallWidth;
  let x1 = ((sx + 1u) * params.width + params.smallWidth - 1u) / params.smallWidth;
  var sum = 0.0;
  for (var y = y0; y < min(y1, params.height); y++) {
    for (var x = x0; x < min(x1, params.width); x++) {
      sum += dy[((image * params.height + y) * params.width + x) * params.channels + channel];
    }
  }
  dx[index] = sum;
}`,
};
