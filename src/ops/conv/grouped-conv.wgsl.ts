import type { Kernel } from '../../tensor/kernel.ts';

/**
 * Convolutions in groups, depthwise ones among them: the output channels of group g read the input channels of group g
 * alone, so that the sums are short and one invocation per element is enough.
 */
const PARAMS = [
  { name: 'count', type: 'u32' },
  { name: 'rowSize', type: 'u32' },
  { name: 'height', type: 'u32' },
  { name: 'width', type: 'u32' },
  { name: 'inChannels', type: 'u32' },
  { name: 'inPerGroup', type: 'u32' },
  { name: 'outHeight', type: 'u32' },
  { name: 'outWidth', type: 'u32' },
  { name: 'outChannels', type: 'u32' },
  { name: 'outPerGroup', type: 'u32' },
  { name: 'kernelHeight', type: 'u32' },
  { name: 'kernelWidth', type: 'u32' },
  { name: 'stride', type: 'i32' },
  { name: 'paddingY', type: 'i32' },
  { name: 'paddingX', type: 'i32' },
  { name: 'dilation', type: 'i32' },
] as const satisfies Kernel['params'];

/**
 * Y[n,oy,ox,co] = Σ_{ky,kx} Σ_c X[n, oy·s+ky·d−p, ox·s+kx·d−p, g·CI/G + c] · W[ky,kx,c,co] (+ bias, then ReLU), g the
 * group of co; taps, then channels, in order. Taps in the padding are skipped, never multiplied by zero.
 * Buffers: X f32 [N,H,W,CI], W f32 [KH,KW,CI/G,CO], bias f32 [CO] (if `bias`), Y f32 [N,OH,OW,CO].
 */
export function groupedForwardKernel({
  bias,
  relu,
}: {
  readonly bias: boolean;
  readonly relu: boolean;
}): Kernel {
  const sum = bias ? 'sum + bias[co]' : 'sum';
  return {
    name: 'conv2d_grouped',
    buffers: [
      { name: 'x', type: 'f32', access: 'read' },
      { name: 'w', type: 'f32', access: 'read' },
      ...(bias ? [{ name: 'bias', type: 'f32', access: 'read' } as const] : []),
      { name: 'y', type: 'f32', access: 'write' },
    ],
    params: PARAMS,
    body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let pixel = index / params.outChannels;
  let co = index - pixel * params.outChannels;
  let first = co / params.outPerGroup * params.inPerGroup;
  let row = pixel / params.outWidth;
  let image = row / params.outHeight;
  let y0 = i32(row - image * params.outHeight) * params.stride - params.paddingY;
  let x0 = i32(pixel - row * params.outWidth) * params.stride - params.paddingX;
  var sum = 0.0;
  for (var ky = 0u; ky < params.kernelHeight; ky++) {
    let iy = u32(y0 + i32(ky) * params.dilation);
    if (iy >= params.height) { continue; }
    for (var kx = 0u; kx < params.kernelWidth; kx++) {
      let ix = u32(x0 + i32(kx) * params.dilation);
      if (ix >= params.width) { continue; }
      let at = ((image * params.height + iy) * params.width + ix) * params.inChannels + first;
      let weight = (ky * params.kernelWidth + kx) * params.inPerGroup;
      for (var c = 0u; c < params.inPerGroup; c++) {
        sum += x[at + c] * w[(weight + c) * params.outChannels + co];
      }
    }
  }
  y[index] = ${relu ? `max(${sum}, 0.0)` : sum};
}`,
  };
}

/**
 * dX[n,y,x,ci] = Σ over the taps whose output pixel exists, and over the output channels co of ci's group, of
 * dY[n, (y+p−ky·d)/s, (x+p−kx·d)/s, co] · W[ky, kx, ci mod CI/G, co]; taps, then channels, in order.
 * Buffers: dY f32 [N,OH,OW,CO], W f32 [KH,KW,CI/G,CO], dX f32 [N,H,W,CI].
 */
export const groupedInputGradKernel: Kernel = {
  name: 'conv2d_grouped_input_grad',
  buffers: [
    { name: 'dy', type: 'f32', access: 'read' },
    { name: 'w', type: 'f32', access: 'read' },
    { name: 'dx', type: 'f32', access: 'write' },
  ],
  params: PARAMS,
  body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let pixel = index / params.inChannels;
  let ci = index - pixel * params.inChannels;
  let group = ci / params.inPerGroup;
  let first = group * params.outPerGroup;
  let row = pixel / params.width;
  let image = row / params.height;
  let y0 = i32(row - image * params.height) + params.paddingY;
  let x0 = i32(pixel - row * params.width) + params.paddingX;
  var sum = 0.0;
  for (var ky = 0u; ky < params.kernelHeight; ky++) {
    let fromY = y0 - i32(ky) * params.dilation;
    let oy = fromY / params.stride;
    if (fromY < 0 || oy * params.stride != fromY || u32(oy) >= params.outHeight) { continue; }
    for (var kx = 0u; kx < params.kernelWidth; kx++) {
      let fromX = x0 - i32(kx) * params.dilation;
      let ox = fromX / params.stride;
      if (fromX < 0 || ox * params.stride != fromX || u32(ox) >= params.outWidth) { continue; }
      let at = ((image * params.outHeight + u32(oy)) * params.outWidth + u32(ox)) * params.outChannels + first;
      let weight = ((ky * params.kernelWidth + kx) * params.inPerGroup + ci - group * params.inPerGroup) * params.outChannels + first;
      for (var c = 0u; c < params.outPerGroup; c++) {
        sum += dy[at + c] * w[weight + c];
      }
    }
  }
  dx[index] = sum;
}`,
};

/**
 * dW[ky,kx,c,co] = Σ over images and output pixels of X[n, oy·s+ky·d−p, ox·s+kx·d−p, g·CI/G + c] · dY[n,oy,ox,co], g the
 * group of co, split over output rows so that small weights still fill the machine.
 * Buffers: X f32 [N,H,W,CI], dY f32 [N,OH,OW,CO], partial f32 [splits, KH, KW, CI/G, CO] (summed in order by
 * `split-reduce.wgsl.ts`; with one split this is dW itself), of which this map's are those from firstSplit on.
 */
export const groupedWeightGradKernel: Kernel = {
  name: 'conv2d_grouped_weight_grad',
  buffers: [
    { name: 'x', type: 'f32', access: 'read' },
    { name: 'dy', type: 'f32', access: 'read' },
    { name: 'partial', type: 'f32', access: 'write' },
  ],
  params: [
    ...PARAMS,
    { name: 'rows', type: 'u32' },
    { name: 'rowsPerSplit', type: 'u32' },
    { name: 'firstSplit', type: 'u32' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let plane = index / params.outChannels;
  let co = index - plane * params.outChannels;
  let tap = plane / params.inPerGroup;
  let ci = co / params.outPerGroup * params.inPerGroup + plane - tap * params.inPerGroup;
  let offsetY = i32(tap / params.kernelWidth) * params.dilation - params.paddingY;
  let offsetX = i32(tap % params.kernelWidth) * params.dilation - params.paddingX;
  let last = min(params.rows, (id.z + 1u) * params.rowsPerSplit);
  var sum = 0.0;
  for (var row = id.z * params.rowsPerSplit; row < last; row++) {
    let image = row / params.outHeight;
    let iy = u32(i32(row - image * params.outHeight) * params.stride + offsetY);
    if (iy >= params.height) { continue; }
    let base = (image * params.height + iy) * params.width;
    for (var ox = 0u; ox < params.outWidth; ox++) {
      let ix = u32(i32(ox) * params.stride + offsetX);
      if (ix >= params.width) { continue; }
      sum += x[(base + ix) * params.inChannels + ci] * dy[(row * params.outWidth + ox) * params.outChannels + co];
    }
  }
  partial[(params.firstSplit + id.z) * params.count + index] = sum;
}`,
};
