import type { Kernel } from '../../tensor/kernel.ts';

/**
 * First stage of per-channel mean and variance over the rows of a [rows, channels] matrix: each chunk gives its own mean
 * and its sum of squared deviations from it, which is accurate where a sum of squares cancels.
 *
 * Buffers: x f32 [rows, channels], partial f32 [chunks, 2, channels] (mean, M2). One invocation per (chunk, channel).
 */
export const channelMomentsKernel: Kernel = {
  name: 'channel_moments',
  buffers: [
    { name: 'x', type: 'f32', access: 'read' },
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
  let first = chunk * params.rowsPerChunk;
  let last = min(params.rows, first + params.rowsPerChunk);
  var sum = 0.0;
  for (var row = first; row < last; row++) { sum += x[row * params.channels + channel]; }
  let mean = sum / f32(last - first);
  var squares = 0.0;
  for (var row = first; row < last; row++) {
    let d = x[row * params.channels + channel] - mean;
    squares += d * d;
  }
  partial[chunk * 2u * params.channels + channel] = mean;
  partial[(chunk * 2u + 1u) * params.channels + channel] = squares;
}`,
};

/**
 * Second stage: merges the chunks in order (Chan, Golub & LeVeque, 1983) into the batch mean and (biased) variance, and
 * moves the running statistics: running ← (1 − m)·running + m·batch, with the unbiased variance, as PyTorch does. Where
 * the batch is not finite they stay as they are: the step is skipped, and its model must remain the last good one.
 *
 * Buffers: partial f32 [chunks, 2, channels], mean and variance f32 [channels], runningMean and runningVar f32
 * [channels] (in place). At least two rows. One invocation per channel.
 */
export const mergeMomentsKernel: Kernel = {
  name: 'merge_moments',
  buffers: [
    { name: 'partial', type: 'f32', access: 'read' },
    { name: 'mean', type: 'f32', access: 'write' },
    { name: 'variance', type: 'f32', access: 'write' },
    { name: 'runningMean', type: 'f32', access: 'write' },
    { name: 'runningVar', type: 'f32', access: 'write' },
  ],
  params: [
    { name: 'rows', type: 'u32' },
    { name: 'channels', type: 'u32' },
    { name: 'rowsPerChunk', type: 'u32' },
    { name: 'chunks', type: 'u32' },
    { name: 'momentum', type: 'f32' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(16, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let channel = id.x;
  if (channel >= params.channels) { return; }
  var count = 0.0;
  var average = 0.0;
  var squares = 0.0;
  for (var chunk = 0u; chunk < params.chunks; chunk++) {
    let first = chunk * params.rowsPerChunk;
    let n = f32(min(params.rows, first + params.rowsPerChunk) - first);
    let m = partial[chunk * 2u * params.channels + channel];
    let delta = m - average;
    let total = count + n;
    average += delta * n / total;
    squares += partial[(chunk * 2u + 1u) * params.channels + channel] + delta * delta * count * n / total;
    count = total;
  }
  mean[channel] = average;
  variance[channel] = squares / count;
  let unbiased = squares / (count - 1.0);
  let brokenMean = (bitcast<u32>(average) & 0x7f800000u) == 0x7f800000u;
  let brokenVar = (bitcast<u32>(unbiased) & 0x7f800000u) == 0x7f800000u;
  if (brokenMean || brokenVar) { return; }
  runningMean[channel] = (1.0 - params.momentum) * runningMean[channel] + params.momentum * average;
  runningVar[channel] = (1.0 - params.momentum) * runningVar[channel] + params.momentum * unbiased;
}`,
};
