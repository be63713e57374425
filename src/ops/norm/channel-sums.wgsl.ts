import type { Kernel } from '../../tensor/kernel.ts';

/** What a channel reduction adds up, per row of a [rows, channels] matrix. */
export type ChannelTerm = 'value' | 'value-and-normalised';

/**
 * First stage of per-channel sums over the rows of a matrix, in fixed chunks of rows.
 *
 * `value`: Σ a. `value-and-normalised`: Σ a and Σ a·(b − mean)·invStd, the two sums that a batch norm's gradient needs.
 * Buffers: a f32 [rows, channels] (, b f32 [rows, channels], mean f32 [channels], invStd f32 [channels]),
 * partial f32 [chunks, terms, channels]. One invocation per (chunk, channel); lanes run along the channels.
 */
export function channelSumsKernel(term: ChannelTerm): Kernel {
  const two = term === 'value-and-normalised';
  return {
    name: `channel_sums_${two ? 2 : 1}`,
    buffers: [
      { name: 'a', type: 'f32', access: 'read' },
      ...(two
        ? ([
            { name: 'b', type: 'f32', access: 'read' },
            { name: 'mean', type: 'f32', access: 'read' },
            { name: 'invStd', type: 'f32', access: 'read' },
          ] as const)
        : []),
      { name: 'partial', type: 'f32', access: 'write' },
    ],
    params: [
      { name: 'rows', type: 'u32' },
      { name: 'channels', type: 'u32' },
      { name: 'rowsPerChunk', type: 'u32' },
      { name: 'chunks', type: 'u32' },
    ],
    body: /* wgsl */ `
@compute @workgroup_size(16, 4, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let channel = id.x;
  let chunk = id.y;
  if (channel >= params.channels || chunk >= params.chunks) { return; }
  let last = min(params.rows, (chunk + 1u) * params.rowsPerChunk);
  var sum = 0.0;
  ${two ? 'var weighted = 0.0; let m = mean[channel]; let s = invStd[channel];' : ''}
  for (var row = chunk * params.rowsPerChunk; row < last; row++) {
    let value = a[row * params.channels + channel];
    sum += value;
    ${two ? 'weighted += value * (b[row * params.channels + channel] - m) * s;' : ''}
  }
  partial[chunk * ${two ? 2 : 1}u * params.channels + channel] = sum;
  ${two ? 'partial[(chunk * 2u + 1u) * params.channels + channel] = weighted;' : ''}
}`,
  };
}
