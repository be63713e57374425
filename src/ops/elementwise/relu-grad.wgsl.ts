import type { Kernel } from '../../tensor/kernel.ts';

/**
 * Gradient of y = max(x, 0) from the output: out[i] = y[i] > 0 ? dy[i] : 0 (PyTorch's rule at 0).
 * Buffers: dy, y, out f32 [count]. One invocation per element.
 */
export const reluGradKernel: Kernel = {
  name: 'relu_grad',
  buffers: [
    { name: 'dy', type: 'f32', access: 'read' },
    { name: 'y', type: 'f32', access: 'read' },
    { name: 'result', type: 'f32', access: 'write' },
  ],
  params: [
    { name: 'count', type: 'u32' },
    { name: 'rowSize', type: 'u32' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  result[index] = select(0.0, dy[index], y[index] > 0.0);
}`,
};
