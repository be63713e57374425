import type { Kernel } from '../../tensor/kernel.ts';

/**
 * First stage of a group norm's mean and variance: each chunk of an image's pixels gives, per channel, its own mean and its
 * sum of squared deviations from it, which is accurate where a sum of squares cancels.
 *
 * Buffers: x f32 [images, pixels, channels], partial f32 [images, chunks, 2, channels] (mean, M2). One invocation per
 * (image, chunk, channel); lanes run along the channels.
 */
export const imageMomentsKernel: Kernel = {
  name: 'image_moments',
  buffers: [
    { name: 'x', type: 'f32', access: 'read' },
    { name: 'partial', type: 'f32', access: 'write' },
  ],
  params: [
    { name: 'pixels', type: 'u32' },
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
  let last = min(params.pixels, first + params.rowsPerChunk);
  let image = id.z * params.pixels;
  var sum = 0.0;
  for (var pixel = first; pixel < last; pixel++) { sum += x[(image + pixel) * params.channels + channel]; }
  let mean = sum / f32(last - first);
  var squares = 0.0;
  for (var pixel = first; pixel < last; pixel++) {
    let d = x[(image + pixel) * params.channels + channel] - mean;
    squares += d * d;
  }
  let out = (id.z * params.chunks + chunk) * 2u * params.channels + channel;
  partial[out] = mean;
  partial[out + params.channels] = squares;
}`,
};

/**
 * Second stage: merges the chunks and channels of a group in order (Chan, Golub & LeVeque, 1983) into its mean and
 * 1/√(var + eps), the variance biased. Buffers: partial f32 [images, chunks, 2, channels], mean and invStd f32
 * [images, groups]. One invocation per (image, group).
 */
export const groupMomentsKernel: Kernel = {
  name: 'group_moments',
  buffers: [
    { name: 'partial', type: 'f32', access: 'read' },
    { name: 'mean', type: 'f32', access: 'write' },
    { name: 'invStd', type: 'f32', access: 'write' },
  ],
  params: [
    { name: 'count', type: 'u32' },
    { name: 'groups', type: 'u32' },
    { name: 'perGroup', type: 'u32' },
    { name: 'pixels', type: 'u32' },
    { name: 'channels', type: 'u32' },
    { name: 'rowsPerChunk', type: 'u32' },
    { name: 'chunks', type: 'u32' },
    { name: 'eps', type: 'f32' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(16, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.count) { return; }
  let image = id.x / params.groups;
  let start = (id.x - image * params.groups) * params.perGroup;
  var count = 0.0;
  var average = 0.0;
  var squares = 0.0;
  for (var chunk = 0u; chunk < params.chunks; chunk++) {
    let first = chunk * params.rowsPerChunk;
    let n = f32(min(params.pixels, first + params.rowsPerChunk) - first);
    let at = (image * params.chunks + chunk) * 2u * params.channels + start;
    for (var c = 0u; c < params.perGroup; c++) {
      let delta = partial[at + c] - average;
      let total = count + n;
      average += delta * n / total;
      squares += partial[at + params.channels + c] + delta * delta * count * n / total;
      count = total;
    }
  }
  mean[id.x] = average;
  invStd[id.x] = 1.0 / sqrt(squares / count + params.eps);
}`,
};

const ELEMENT_PARAMS = [
  { name: 'count', type: 'u32' },
  { name: 'rowSize', type: 'u32' },
  { name: 'pixels', type: 'u32' },
  { name: 'channels', type: 'u32' },
  { name: 'groups', type: 'u32' },
  { name: 'perGroup', type: 'u32' },
] as const satisfies Kernel['params'];

/** Index of an element, its channel and its (image, group), for kernels of one invocation per element. */
const ELEMENT = /* wgsl */ `
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let row = index / params.channels;
  let channel = index - row * params.channels;
  let group = row / params.pixels * params.groups + channel / params.perGroup;`;

/**
 * y = (x − mean)·invStd·weight + bias (+ residual, then ReLU), mean and invStd of the element's image and group.
 * Buffers: x f32 [images, pixels, channels], mean, invStd f32 [images, groups], weight, bias f32 [channels] (, residual f32
 * like x), y f32 like x. One invocation per element.
 */
export function groupNormKernel({
  residual,
  relu,
}: {
  readonly residual: boolean;
  readonly relu: boolean;
}): Kernel {
  return {
    name: 'group_norm',
    buffers: [
      { name: 'x', type: 'f32', access: 'read' },
      { name: 'mean', type: 'f32', access: 'read' },
      { name: 'invStd', type: 'f32', access: 'read' },
      { name: 'weight', type: 'f32', access: 'read' },
      { name: 'bias', type: 'f32', access: 'read' },
      ...(residual ? [{ name: 'shortcut', type: 'f32', access: 'read' } as const] : []),
      { name: 'y', type: 'f32', access: 'write' },
    ],
    params: ELEMENT_PARAMS,
    body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {${ELEMENT}
  let value = (x[index] - mean[group]) * invStd[group] * weight[channel] + bias[channel]${residual ? ' + shortcut[index]' : ''};
  y[index] = ${relu ? 'max(value, 0.0)' : 'value'};
}`,
  };
}

/**
 * First stage of the gradient's sums: Σ dy and Σ dy·x̂ per (image, chunk of pixels, channel), x̂ = (x − mean)·invStd.
 * With a ReLU, dy counts where y is positive, and what is left of it is written too.
 * Buffers: dy (, y), x f32 [images, pixels, channels], mean, invStd f32 [images, groups], partial f32
 * [splits, 2, channels], of which this map's images × chunks are those from firstSplit on (, masked f32 like dy). One
 * invocation per (image, chunk, channel).
 */
export function groupNormSumsKernel(relu: boolean): Kernel {
  return {
    name: 'group_norm_sums',
    buffers: [
      { name: 'dy', type: 'f32', access: 'read' },
      ...(relu ? [{ name: 'y', type: 'f32', access: 'read' } as const] : []),
      { name: 'x', type: 'f32', access: 'read' },
      { name: 'mean', type: 'f32', access: 'read' },
      { name: 'invStd', type: 'f32', access: 'read' },
      { name: 'partial', type: 'f32', access: 'write' },
      ...(relu ? [{ name: 'masked', type: 'f32', access: 'write' } as const] : []),
    ],
    params: [
      { name: 'pixels', type: 'u32' },
      { name: 'channels', type: 'u32' },
      { name: 'groups', type: 'u32' },
      { name: 'perGroup', type: 'u32' },
      { name: 'rowsPerChunk', type: 'u32' },
      { name: 'chunks', type: 'u32' },
      { name: 'firstSplit', type: 'u32' },
    ],
    body: /* wgsl */ `
@compute @workgroup_size(16, 4, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let channel = id.x;
  let chunk = id.y;
  if (channel >= params.channels || chunk >= params.chunks) { return; }
  let first = chunk * params.rowsPerChunk;
  let last = min(params.pixels, first + params.rowsPerChunk);
  let group = id.z * params.groups + channel / params.perGroup;
  let m = mean[group];
  let s = invStd[group];
  var sum = 0.0;
  var weighted = 0.0;
  for (var pixel = first; pixel < last; pixel++) {
    let at = (id.z * params.pixels + pixel) * params.channels + channel;
    let value = ${relu ? 'select(0.0, dy[at], y[at] > 0.0)' : 'dy[at]'};
    sum += value;
    weighted += value * (x[at] - m) * s;
    ${relu ? 'masked[at] = value;' : ''}
  }
  let out = (params.firstSplit + id.z * params.chunks + chunk) * 2u * params.channels + channel;
  partial[out] = sum;
  partial[out + params.channels] = weighted;
}`,
  };
}

/**
 * Second stage for the input's gradient: Σ weight·dy and Σ weight·dy·x̂ over a group, chunks, then channels, in order.
 * Buffers: partial f32 [splits, 2, channels] from firstSplit on, weight f32 [channels], sums f32 [images, groups, 2]. One invocation
 * per (image, group).
 */
export const groupNormGroupSumsKernel: Kernel = {
  name: 'group_norm_group_sums',
  buffers: [
    { name: 'partial', type: 'f32', access: 'read' },
    { name: 'weight', type: 'f32', access: 'read' },
    { name: 'sums', type: 'f32', access: 'write' },
  ],
  params: [
    { name: 'count', type: 'u32' },
    { name: 'groups', type: 'u32' },
    { name: 'perGroup', type: 'u32' },
    { name: 'channels', type: 'u32' },
    { name: 'chunks', type: 'u32' },
    { name: 'firstSplit', type: 'u32' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(16, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.count) { return; }
  let image = id.x / params.groups;
  let start = (id.x - image * params.groups) * params.perGroup;
  var sum = 0.0;
  var weighted = 0.0;
  for (var chunk = 0u; chunk < params.chunks; chunk++) {
    let at = (params.firstSplit + image * params.chunks + chunk) * 2u * params.channels + start;
    for (var c = 0u; c < params.perGroup; c++) {
      sum += weight[start + c] * partial[at + c];
      weighted += weight[start + c] * partial[at + params.channels + c];
    }
  }
  sums[id.x * 2u] = sum;
  sums[id.x * 2u + 1u] = weighted;
}`,
};

/**
 * dx = invStd·(weight·dy − (Σ weight·dy + x̂·Σ weight·dy·x̂)/M), M the number of elements of a group.
 * Buffers: dy, x f32 [images, pixels, channels], mean, invStd f32 [images, groups], weight f32 [channels], sums f32
 * [images, groups, 2], dx f32 like x. One invocation per element.
 */
export const groupNormGradKernel: Kernel = {
  name: 'group_norm_grad',
  buffers: [
    { name: 'dy', type: 'f32', access: 'read' },
    { name: 'x', type: 'f32', access: 'read' },
    { name: 'mean', type: 'f32', access: 'read' },
    { name: 'invStd', type: 'f32', access: 'read' },
    { name: 'weight', type: 'f32', access: 'read' },
    { name: 'sums', type: 'f32', access: 'read' },
    { name: 'dx', type: 'f32', access: 'write' },
  ],
  params: ELEMENT_PARAMS,
  body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {${ELEMENT}
  let normalised = (x[index] - mean[group]) * invStd[group];
  let groupPart = (sums[group * 2u] + normalised * sums[group * 2u + 1u]) / f32(params.pixels * params.perGroup);
  dx[index] = invStd[group] * (weight[channel] * dy[index] - groupPart);
}`,
};
