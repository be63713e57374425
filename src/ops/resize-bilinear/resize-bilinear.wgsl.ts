import type { Kernel } from '../../tensor/kernel.ts';

/**
 * Bilinear resizing with half-pixel centres: source coordinate max(0, (dst + ½)·in/out − ½), its two neighbours clamped to
 * the map. Rows are blended after columns, as in PyTorch. Buffers: x f32 [N,h,w,C], y f32 [N,H,W,C]. One invocation per
 * element of y.
 */
export const resizeBilinearKernel: Kernel = {
  name: 'resize_bilinear',
  buffers: [
    { name: 'x', type: 'f32', access: 'read' },
    { name: 'y', type: 'f32', access: 'write' },
  ],
  params: [
    { name: 'count', type: 'u32' },
    { name: 'rowSize', type: 'u32' },
    { name: 'height', type: 'u32' },
    { name: 'width', type: 'u32' },
    { name: 'channels', type: 'u32' },
    { name: 'outHeight', type: 'u32' },
    { name: 'outWidth', type: 'u32' },
    { name: 'scaleY', type: 'f32' },
    { name: 'scaleX', type: 'f32' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let pixel = index / params.channels;
  let channel = index - pixel * params.channels;
  let row = pixel / params.outWidth;
  let image = row / params.outHeight;
  let sourceY = max(0.0, (f32(row - image * params.outHeight) + 0.5) * params.scaleY - 0.5);
  let sourceX = max(0.0, (f32(pixel - row * params.outWidth) + 0.5) * params.scaleX - 0.5);
  let y0 = min(u32(sourceY), params.height - 1u);
  let x0 = min(u32(sourceX), params.width - 1u);
  let y1 = min(y0 + 1u, params.height - 1u);
  let x1 = min(x0 + 1u, params.width - 1u);
  let fy = sourceY - f32(y0);
  let fx = sourceX - f32(x0);
  let top = (image * params.height + y0) * params.width;
  let bottom = (image * params.height + y1) * params.width;
  let a = x[(top + x0) * params.channels + channel];
  let b = x[(top + x1) * params.channels + channel];
  let c = x[(bottom + x0) * params.channels + channel];
  let d = x[(bottom + x1) * params.channels + channel];
  y[index] = (1.0 - fy) * ((1.0 - fx) * a + fx * b) + fy * ((1.0 - fx) * c + fx * d);
}`,
};
