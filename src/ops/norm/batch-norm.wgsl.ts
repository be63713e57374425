import type { Kernel } from '../../tensor/kernel.ts';

/** What follows the normalisation in the same kernel. */
export interface BatchNormSpec {
  /** Adds a tensor of the same shape (the shortcut of a residual block). */
  readonly residual: boolean;
  readonly relu: boolean;
  /** 4 where the channels divide. */
  readonly vector: 1 | 4;
}

/**
 * y = (x − mean)/√(variance + eps)·weight + bias (+ residual, then ReLU), per channel of the last dimension.
 * Buffers: x f32 [rows, channels], mean, variance, weight, bias f32 [channels] (, residual f32 like x), y f32 like x.
 * One invocation per channel group of a row.
 */
export function batchNormKernel({ residual, relu, vector }: BatchNormSpec): Kernel {
  const type = vector === 4 ? 'vec4<f32>' : 'f32';
  return {
    name: 'batch_norm',
    buffers: [
      { name: 'x', type, access: 'read' },
      { name: 'mean', type, access: 'read' },
      { name: 'variance', type, access: 'read' },
      { name: 'weight', type, access: 'read' },
      { name: 'bias', type, access: 'read' },
      ...(residual ? [{ name: 'shortcut', type, access: 'read' } as const] : []),
      { name: 'y', type, access: 'write' },
    ],
    params: [
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
      { name: 'groups', type: 'u32' },
      { name: 'eps', type: 'f32' },
    ],
    body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let channel = index % params.groups;
  let invStd = 1.0 / sqrt(variance[channel] + params.eps);
  let value = (x[index] - mean[channel]) * invStd * weight[channel] + bias[channel]${residual ? ' + shortcut[index]' : ''};
  y[index] = ${relu ? `max(value, ${type}(0.0))` : 'value'};
}`,
  };
}
