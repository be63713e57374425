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
 * y = (x − mean)·invStd·weight + bias (+ residual, then ReLU), per channel of the last dimension.
 * Buffers: x f32 [rows, channels], mean, invStd, weight, bias f32 [channels] (, residual f32 like x), y f32 like x.
 * One invocation per channel group of a row.
 */
export function batchNormKernel({ residual, relu, vector }: BatchNormSpec): Kernel {
  const type = vector === 4 ? 'vec4<f32>' : 'f32';
  return {
    name: 'batch_norm',
    buffers: [
      { name: 'x', type, access: 'read' },
      { name: 'mean', type, access: 'read' },
      { name: 'invStd', type, access: 'read' },
      { name: 'weight', type, access: 'read' },
      { name: 'bias', type, access: 'read' },
      ...(residual ? [{ name: 'shortcut', type, access: 'read' } as const] : []),
      { name: 'y', type, access: 'write' },
    ],
    params: [
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
      { name: 'groups', type: 'u32' },
    ],
    body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let channel = index % params.groups;
  let value = (x[index] - mean[channel]) * invStd[channel] * weight[channel] + bias[channel]${residual ? ' + shortcut[index]' : ''};
  y[index] = ${relu ? `max(value, ${type}(0.0))` : 'value'};
}`,
  };
}

/**
 * Gradient of a batch norm with respect to its input. With running statistics: dx = dy·weight·invStd. With batch
 * statistics (Ioffe & Szegedy, 2015, §3): dx = weight·invStd·(dy − Σdy/M − x̂·Σ(dy·x̂)/M).
 * Buffers: dy f32 [rows, channels], weight, invStd f32 [channels] (, x f32 like dy, mean f32 [channels], sums f32
 * [2, channels] = Σdy and Σdy·x̂), dx f32 like dy. One invocation per element.
 */
export function batchNormGradKernel(batchStatistics: boolean): Kernel {
  return {
    name: batchStatistics ? 'batch_norm_grad_train' : 'batch_norm_grad_eval',
    buffers: [
      { name: 'dy', type: 'f32', access: 'read' },
      { name: 'weight', type: 'f32', access: 'read' },
      { name: 'invStd', type: 'f32', access: 'read' },
      ...(batchStatistics
        ? ([
            { name: 'x', type: 'f32', access: 'read' },
            { name: 'mean', type: 'f32', access: 'read' },
            { name: 'sums', type: 'f32', access: 'read' },
          ] as const)
        : []),
      { name: 'dx', type: 'f32', access: 'write' },
    ],
    params: [
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
      { name: 'channels', type: 'u32' },
      { name: 'rows', type: 'f32' },
    ],
    body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let channel = index % params.channels;
  let scale = weight[channel] * invStd[channel];
  ${
    batchStatistics
      ? `let normalised = (x[index] - mean[channel]) * invStd[channel];
  dx[index] = scale * (dy[index] - (sums[channel] + normalised * sums[params.channels + channel]) / params.rows);`
      : 'dx[index] = scale * dy[index];'
  }
}`,
  };
}

/** invStd[c] = 1 / √(variance[c] + eps), for batch norms in evaluation mode. One invocation per channel. */
export const invStdKernel: Kernel = {
  name: 'inv_std',
  buffers: [
    { name: 'variance', type: 'f32', access: 'read' },
    { name: 'invStd', type: 'f32', access: 'write' },
  ],
  params: [
    { name: 'channels', type: 'u32' },
    { name: 'eps', type: 'f32' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.channels) { return; }
  invStd[id.x] = 1.0 / sqrt(variance[id.x] + params.eps);
}`,
};
