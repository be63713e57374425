import type { Kernel } from '../../tensor/kernel.ts';

/** What the pass over a batch norm's gradient does beside its sums. */
export interface BatchNormSumsSpec {
  /** The norm's ReLU stopped dy where y is not positive. */
  readonly relu: boolean;
  /**
   * A tensor like dy that the same pass writes: `masked` is dy after the ReLU's mask, `dx` the input's gradient with running
   * statistics. Never both: with the mask's y they would bind one buffer more than every device has.
   */
  readonly writes: 'nothing' | 'masked' | 'dx';
  /** 4 where the channels divide. */
  readonly vector: 1 | 4;
}

/**
 * First stage of Σ dy and Σ dy·x̂, x̂ = (x − mean)/√(variance + eps), over the rows of a matrix in fixed chunks: the
 * gradients of a batch norm's bias and weight. With running statistics dx = dy·weight/√(variance + eps) needs no sums and
 * is written on the way.
 *
 * Buffers: dy (, y), x f32 [rows, channels], mean, variance (, weight) f32 [channels], partial f32 [chunks, 2, channels]
 * (, masked or dx f32 [rows, channels]). One invocation per (chunk, channel group); lanes run along the channels.
 */
export function batchNormSumsKernel({ relu, writes, vector }: BatchNormSumsSpec): Kernel {
  const type = vector === 4 ? 'vec4<f32>' : 'f32';
  const input = (name: string) => ({ name, type, access: 'read' }) as const;
  return {
    name: `batch_norm_sums${writes === 'nothing' ? '' : `_${writes}`}`,
    buffers: [
      input('dy'),
      ...(relu ? [input('y')] : []),
      input('x'),
      input('mean'),
      input('variance'),
      ...(writes === 'dx' ? [input('weight')] : []),
      { name: 'partial', type, access: 'write' },
      ...(writes === 'nothing' ? [] : [{ name: 'written', type, access: 'write' } as const]),
    ],
    params: [
      { name: 'rows', type: 'u32' },
      { name: 'groups', type: 'u32' },
      { name: 'rowsPerChunk', type: 'u32' },
      { name: 'chunks', type: 'u32' },
      { name: 'eps', type: 'f32' },
    ],
    body: /* wgsl */ `
@compute @workgroup_size(16, 4, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let channel = id.x;
  let chunk = id.y;
  if (channel >= params.groups || chunk >= params.chunks) { return; }
  let m = mean[channel];
  let invStd = 1.0 / sqrt(variance[channel] + params.eps);
  ${writes === 'dx' ? 'let scale = weight[channel] * invStd;' : ''}
  var sum = ${type}(0.0);
  var weighted = ${type}(0.0);
  let last = min(params.rows, (chunk + 1u) * params.rowsPerChunk);
  for (var row = chunk * params.rowsPerChunk; row < last; row++) {
    let index = row * params.groups + channel;
    let value = ${maskedGradient(relu, type)};
    sum += value;
    weighted += value * (x[index] - m) * invStd;
    ${{ nothing: '', masked: 'written[index] = value;', dx: 'written[index] = scale * value;' }[writes]}
  }
  partial[chunk * 2u * params.groups + channel] = sum;
  partial[(chunk * 2u + 1u) * params.groups + channel] = weighted;
}`,
  };
}

/**
 * Gradient of a batch norm with running statistics with respect to its input: dx = dy·weight/√(variance + eps), dy after
 * the ReLU's mask, which is also the shortcut's gradient.
 *
 * Buffers: dy (, y) f32 [rows, channels], weight, variance f32 [channels], dx (, dShortcut) f32 like dy. One invocation per
 * channel group of a row.
 */
export function batchNormEvalGradKernel({
  relu,
  shortcut,
  vector,
}: {
  readonly relu: boolean;
  readonly shortcut: boolean;
  readonly vector: 1 | 4;
}): Kernel {
  const type = vector === 4 ? 'vec4<f32>' : 'f32';
  return {
    name: 'batch_norm_grad_eval',
    buffers: [
      { name: 'dy', type, access: 'read' },
      ...(relu ? [{ name: 'y', type, access: 'read' } as const] : []),
      { name: 'weight', type, access: 'read' },
      { name: 'variance', type, access: 'read' },
      { name: 'dx', type, access: 'write' },
      ...(shortcut ? [{ name: 'dShortcut', type, access: 'write' } as const] : []),
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
  let value = ${maskedGradient(relu, type)};
  dx[index] = weight[channel] * (1.0 / sqrt(variance[channel] + params.eps)) * value;
  ${shortcut ? 'dShortcut[index] = value;' : ''}
}`,
  };
}

/**
 * Gradient of a batch norm with the batch's statistics with respect to its input (Ioffe & Szegedy, 2015, §3):
 * dx = weight·invStd·(dy − Σdy/M − x̂·Σ(dy·x̂)/M), invStd = 1/√(variance + eps).
 *
 * Buffers: dy, x f32 [rows, channels], mean, variance, weight, dBias = Σ dy, dWeight = Σ dy·x̂ f32 [channels], dx f32 like dy.
 * One invocation per channel group of a row.
 */
export function batchNormTrainGradKernel(vector: 1 | 4): Kernel {
  const type = vector === 4 ? 'vec4<f32>' : 'f32';
  const input = (name: string) => ({ name, type, access: 'read' }) as const;
  return {
    name: 'batch_norm_grad_train',
    buffers: [
      ...['dy', 'x', 'mean', 'variance', 'weight', 'dBias', 'dWeight'].map(input),
      { name: 'dx', type, access: 'write' },
    ],
    params: [
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
      { name: 'groups', type: 'u32' },
      { name: 'rows', type: 'f32' },
      { name: 'eps', type: 'f32' },
    ],
    body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let channel = index % params.groups;
  let invStd = 1.0 / sqrt(variance[channel] + params.eps);
  let normalised = (x[index] - mean[channel]) * invStd;
  dx[index] = weight[channel] * invStd * (dy[index] - (dBias[channel] + normalised * dWeight[channel]) / params.rows);
}`,
  };
}

/** dy where the ReLU's output is positive, PyTorch's rule at 0; an infinite dy is stopped, not multiplied. */
function maskedGradient(relu: boolean, type: 'f32' | 'vec4<f32>'): string {
  return relu ? `select(${type}(0.0), dy[index], y[index] > ${type}(0.0))` : 'dy[index]';
}
