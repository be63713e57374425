import type { Kernel } from '../../tensor/kernel.ts';

/**
 * First stage of per-channel sums Σ a over the rows of a matrix, in fixed chunks of rows.
 *
 * Buffers: a f32 [rows, channels], partial f32 [chunks, channels]. One invocation per (chunk, channel); lanes run along the
 * channels.
 */
export const channelSumsKernel: Kernel = {
  name: 'channel_sums',
  buffers: [
    { name: 'a', type: 'f32', access: 'read' },
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
  for (var row = chunk * params.rowsPerChunk; row < last; row++) {
    sum += a[row * params.channels + channel];
  }
  partial[chunk * params.channels + channel] = sum;
}`,
};
