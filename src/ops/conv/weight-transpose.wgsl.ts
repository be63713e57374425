import type { Kernel } from '../../tensor/kernel.ts';

/**
 * Wᵀ[tap, co, ci] = W[tap, ci, co], so that the input gradient reads its columns contiguously.
 * Buffers: W f32 [KH·KW,CI,CO], Wᵀ f32 [KH·KW,CO,CI]. One invocation per element of Wᵀ; lanes run along ci.
 */
export const weightTransposeKernel: Kernel = {
  name: 'conv2d_weight_transpose',
  buffers: [
    { name: 'w', type: 'f32', access: 'read' },
    { name: 'wt', type: 'f32', access: 'write' },
  ],
  params: [
    { name: 'count', type: 'u32' },
    { name: 'rowSize', type: 'u32' },
    { name: 'inChannels', type: 'u32' },
    { name: 'outChannels', type: 'u32' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let row = index / params.inChannels;
  let ci = index - row * params.inChannels;
  let tap = row / params.outChannels;
  let co = row - tap * params.outChannels;
  wt[index] = w[(tap * params.inChannels + ci) * params.outChannels + co];
}`,
};
