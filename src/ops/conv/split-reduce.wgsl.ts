import type { Kernel } from '../../tensor/kernel.ts';

/**
 * Sums split-K partials in ascending order: out[i] = Σ_s partial[s, i]. Buffers: partial f32 [splits, count], out f32
 * [count]. One invocation per element; the fixed order makes the result repeatable.
 */
export const splitReduceKernel: Kernel = {
  name: 'split_reduce',
  buffers: [
    { name: 'partial', type: 'f32', access: 'read' },
    { name: 'total', type: 'f32', access: 'write' },
  ],
  params: [
    { name: 'count', type: 'u32' },
    { name: 'rowSize', type: 'u32' },
    { name: 'splits', type: 'u32' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  var sum = 0.0;
  for (var split = 0u; split < params.splits; split++) {
    sum += partial[split * params.count + index];
  }
  total[index] = sum;
}`,
};

/**
 * The same for two tensors whose partials lie one after the other in every split. Buffers: partial f32 [splits, count],
 * first f32 [firstCount], second f32 [count − firstCount]. One invocation per element.
 */
export const splitReducePairKernel: Kernel = {
  name: 'split_reduce_pair',
  buffers: [
    { name: 'partial', type: 'f32', access: 'read' },
    { name: 'first', type: 'f32', access: 'write' },
    { name: 'second', type: 'f32', access: 'write' },
  ],
  params: [
    { name: 'count', type: 'u32' },
    { name: 'firstCount', type: 'u32' },
    { name: 'rowSize', type: 'u32' },
    { name: 'splits', type: 'u32' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  var sum = 0.0;
  for (var split = 0u; split < params.splits; split++) {
    sum += partial[split * params.count + index];
  }
  if (index < params.firstCount) { first[index] = sum; } else { second[index - params.firstCount] = sum; }
}`,
};
