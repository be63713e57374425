import type { Kernel } from '../../tensor/kernel.ts';

/**
 * One SGD step in place, PyTorch's: g = factor·grad + decay·w; v = momentum·v + g; w −= lr·(nesterov ? g + momentum·v : v).
 * Buffers: gradient f32 [count], clip f32 [2] (norm, factor; a factor below 0 skips the step), hyper f32 [≥1] (lr), w f32
 * [count], v f32 [count]. One invocation per element.
 */
export function sgdKernel(nesterov: boolean): Kernel {
  return {
    name: nesterov ? 'sgd_nesterov' : 'sgd',
    buffers: [
      { name: 'gradient', type: 'f32', access: 'read' },
      { name: 'clip', type: 'f32', access: 'read' },
      { name: 'hyper', type: 'f32', access: 'read' },
      { name: 'w', type: 'f32', access: 'write' },
      { name: 'v', type: 'f32', access: 'write' },
    ],
    params: [
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
      { name: 'lrScale', type: 'f32' },
      { name: 'decay', type: 'f32' },
      { name: 'momentum', type: 'f32' },
    ],
    body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count || clip[1] < 0.0) { return; }
  let g = clip[1] * gradient[index] + params.decay * w[index];
  let velocity = params.momentum * v[index] + g;
  v[index] = velocity;
  w[index] -= hyper[0] * params.lrScale * ${nesterov ? '(g + params.momentum * velocity)' : 'velocity'};
}`,
  };
}

/**
 * One AdamW step in place (Loshchilov & Hutter, 2019), PyTorch's: w −= lr·decay·w; m, v are exponential averages;
 * w −= lr/(1−β1ᵗ) · m / (√v/√(1−β2ᵗ) + eps).
 * Buffers: gradient f32 [count], clip f32 [2], hyper f32 [3] (lr, 1−β1ᵗ, √(1−β2ᵗ)), w, m, v f32 [count]. beta1Rest and
 * beta2Rest are 1−β1 and 1−β2 rounded once: 1−0.999 in float32 arithmetic is wrong in its fifth digit. One invocation per
 * element.
 */
export const adamwKernel: Kernel = {
  name: 'adamw',
  buffers: [
    { name: 'gradient', type: 'f32', access: 'read' },
    { name: 'clip', type: 'f32', access: 'read' },
    { name: 'hyper', type: 'f32', access: 'read' },
    { name: 'w', type: 'f32', access: 'write' },
    { name: 'm', type: 'f32', access: 'write' },
    { name: 'v', type: 'f32', access: 'write' },
  ],
  params: [
    { name: 'count', type: 'u32' },
    { name: 'rowSize', type: 'u32' },
    { name: 'lrScale', type: 'f32' },
    { name: 'decay', type: 'f32' },
    { name: 'beta1', type: 'f32' },
    { name: 'beta2', type: 'f32' },
    { name: 'beta1Rest', type: 'f32' },
    { name: 'beta2Rest', type: 'f32' },
    { name: 'eps', type: 'f32' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count || clip[1] < 0.0) { return; }
  let lr = hyper[0] * params.lrScale;
  let g = clip[1] * gradient[index];
  let first = params.beta1 * m[index] + params.beta1Rest * g;
  let second = params.beta2 * v[index] + params.beta2Rest * g * g;
  m[index] = first;
  v[index] = second;
  let decayed = w[index] - lr * params.decay * w[index];
  w[index] = decayed - lr / hyper[1] * first / (sqrt(second) / hyper[2] + params.eps);
}`,
};
