import type { Kernel } from '../../tensor/kernel.ts';

/** Elements that one workgroup of {@link sumSquaresKernel} adds up. */
export const SQUARES_PER_WORKGROUP = 65_536;

/**
 * Partial sums of squares of several gradients, written to their slots of a buffer that all gradients share.
 * Buffers: gradient0 … f32 [count of it], partial f32 [slots] (in place). Workgroup g belongs to the first gradient k
 * with g < `end k`; it covers {@link SQUARES_PER_WORKGROUP} elements and writes `partial[firstSlot + g]`. Each of its 64
 * threads strides by 64, then the threads' sums are added in order by thread 0: fixed order, no atomics, and the same
 * order however the gradients are dealt out to dispatches.
 */
export function sumSquaresKernel(gradients: number): Kernel {
  const slots = Array.from({ length: gradients }, (_, k) => k);
  const start = (k: number): string => (k === 0 ? '0u' : `params.end${k - 1}`);
  return {
    name: 'sum_squares',
    buffers: [
      ...slots.map((k) => ({ name: `gradient${k}`, type: 'f32', access: 'read' }) as const),
      { name: 'partial', type: 'f32', access: 'write' },
    ],
    params: [
      { name: 'firstSlot', type: 'u32' },
      ...slots.flatMap(
        (k) =>
          [
            { name: `count${k}`, type: 'u32' },
            { name: `end${k}`, type: 'u32' },
          ] as const,
      ),
    ],
    body: /* wgsl */ `
var<workgroup> sums: array<f32, 64>;
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  var sum = 0.0;
  ${slots
    .map(
      (k) => /* wgsl */ `if (group.x < params.end${k}) {
    let first = (group.x - ${start(k)}) * ${SQUARES_PER_WORKGROUP}u;
    let last = min(params.count${k}, first + ${SQUARES_PER_WORKGROUP}u);
    for (var i = first + thread; i < last; i += 64u) { sum += gradient${k}[i] * gradient${k}[i]; }
  }`,
    )
    .join(' else ')}
  sums[thread] = sum;
  workgroupBarrier();
  if (thread == 0u) {
    var total = 0.0;
    for (var i = 0u; i < 64u; i++) { total += sums[i]; }
    partial[params.firstSlot + group.x] = total;
  }
}`,
  };
}

/**
 * Global L2 norm of all gradients and the factor that clips it, PyTorch's clip_grad_norm_: min(1, max/(norm + 1e-6)).
 * Buffers: partial f32 [slots], hyper f32 [hyperCount], result f32 [2 + hyperCount]: norm, factor, then a copy of hyper,
 * so that the updates bind one buffer for both. maxNorm ≤ 0 means no clipping. The factor is −1 where the norm is not
 * finite (tested by bits: WGSL may assume that NaN does not exist), and the update kernels then leave the weights as
 * they are. One invocation.
 */
export const gradNormKernel: Kernel = {
  name: 'grad_norm',
  buffers: [
    { name: 'partial', type: 'f32', access: 'read' },
    { name: 'hyper', type: 'f32', access: 'read' },
    { name: 'result', type: 'f32', access: 'write' },
  ],
  params: [
    { name: 'slots', type: 'u32' },
    { name: 'hyperCount', type: 'u32' },
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
  for (var i = 0u; i < params.hyperCount; i++) { result[2u + i] = hyper[i]; }
}`,
};
