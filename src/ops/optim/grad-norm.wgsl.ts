import type { Kernel } from '../../tensor/kernel.ts';

/** Elements that one workgroup of {@link sumSquaresKernel} adds up. */
export const SQUARES_PER_WORKGROUP = 65_536;

/**
 * Partial sums of squares of one gradient, written to its slots of a buffer that all gradients share.
 * Buffers: gradient f32 [count], partial f32 [slots] (in place). Workgroup g covers the elements from
 * g·{@link SQUARES_PER_WORKGROUP} and writes `partial[firstSlot + g]`; each of its 64 threads strides by 64, then the
 * threads' sums are added in order by thread 0: fixed order, no atomics.
 */
export const sumSquaresKernel: Kernel = {
  name: 'sum_squares',
  buffers: [
    { name: 'gradient', type: 'f32', access: 'read' },
    { name: 'partial', type: 'f32', access: 'write' },
  ],
  params: [
    { name: 'count', type: 'u32' },
    { name: 'firstSlot', type: 'u32' },
  ],
  body: /* wgsl */ `
var<workgroup> sums: array<f32, 64>;
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let first = group.x * ${SQUARES_PER_WORKGROUP}u;
  let last = min(params.count, first + ${SQUARES_PER_WORKGROUP}u);
  var sum = 0.0;
  for (var i = first + thread; i < last; i += 64u) { sum += gradient[i] * gradient[i]; }
  sums[thread] = sum;
  workgroupBarrier();
  if (thread == 0u) {
    var total = 0.0;
    for (var i = 0u; i < 64u; i++) { total += sums[i]; }
    partial[params.firstSlot + group.x] = total;
  }
}`,
};

/**
 * Global L2 norm of all gradients and the factor that clips it, PyTorch's clip_grad_norm_: min(1, max/(norm + 1e-6)).
 * Buffers: partial f32 [slots], result f32 [2] (norm, factor). maxNorm ≤ 0 means no clipping. The factor is −1 where
 * the norm is not finite (tested by bits: WGSL may assume that NaN does not exist), and the update kernels then leave
 * the weights as they are. One invocation.
 */
export const gradNormKernel: Kernel = {
  name: 'grad_norm',
  buffers: [
    { name: 'partial', type: 'f32', access: 'read' },
    { name: 'result', type: 'f32', access: 'write' },
  ],
  params: [
    { name: 'slots', type: 'u32' },
    { name: 'maxNorm', type: 'f32' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(1, 1, 1)
fn main() {
  var sum = 0.0;
  for (var i = 0u; i < params.slots; i++) { sum += partial[i]; }
  let norm = sqrt(sum);
  result[0] = norm;
  var factor = 1.0;
  if (params.maxNorm > 0.0) { factor = min(1.0, params.maxNorm / (norm + 1e-6)); }
  if ((bitcast<u32>(norm) & 0x7f800000u) == 0x7f800000u) { factor = -1.0; }
  result[1] = factor;
}`,
};
