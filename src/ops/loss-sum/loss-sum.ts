import { emptyTensor, runKernel } from '../../tensor/kernel.ts';
import type { Kernel } from '../../tensor/kernel.ts';
import type { Scalar, Tensor } from '../../tensor/tf.ts';

/** Invocations of a workgroup in both stages of a loss's sum. */
const LOSS_WORKGROUP_SIZE = 64;
/** Terms that one invocation adds up before the count of workgroups grows, and the largest count. */
const TERMS_PER_INVOCATION = 16;
const MAX_WORKGROUPS = 512;

/** Number of partial sums for a loss of `terms` terms; depends on nothing else, so the order of additions is fixed. */
function partialSums(terms: number): number {
  const groups = Math.ceil(terms / (LOSS_WORKGROUP_SIZE * TERMS_PER_INVOCATION));
  return Math.min(Math.max(groups, 1), MAX_WORKGROUPS);
}

/**
 * WGSL around the first stage: `main` adds `term(i)` over i = lane, lane + stride, … and writes one partial sum per
 * workgroup by a tree. The body must define `fn term(index: u32) -> f32` and bind `partials` and `params.count`.
 */
export const PARTIAL_SUM_MAIN = /* wgsl */ `
var<workgroup> sums: array<f32, ${LOSS_WORKGROUP_SIZE}>;

@compute @workgroup_size(${LOSS_WORKGROUP_SIZE}, 1, 1)
fn main(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  var sum = 0.0;
  for (var index = id.x; index < params.count; index += groups.x * ${LOSS_WORKGROUP_SIZE}u) {
    sum += term(index);
  }
  sums[lane] = sum;
  for (var half = ${LOSS_WORKGROUP_SIZE / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { sums[lane] += sums[lane + half]; }
  }
  if (lane == 0u) { partials[group.x] = sums[0]; }
}`;

/** MMDetection adds float32's epsilon to the divisor of a loss. */
export const AVG_FACTOR_EPS = 1.1920929e-7;

/** Buffers: partials f32 [P], avgFactor f32 [1] → loss f32 [1]. One workgroup, the same tree. */
const finishKernel: Kernel = {
  name: 'loss_sum_finish',
  buffers: [
    { name: 'partials', type: 'f32', access: 'read' },
    { name: 'avgFactor', type: 'f32', access: 'read' },
    { name: 'loss', type: 'f32', access: 'write' },
  ],
  params: [
    { name: 'count', type: 'u32' },
    { name: 'lossWeight', type: 'f32' },
  ],
  body: /* wgsl */ `
var<workgroup> sums: array<f32, ${LOSS_WORKGROUP_SIZE}>;

@compute @workgroup_size(${LOSS_WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var index = lane; index < params.count; index += ${LOSS_WORKGROUP_SIZE}u) {
    sum += partials[index];
  }
  sums[lane] = sum;
  for (var half = ${LOSS_WORKGROUP_SIZE / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { sums[lane] += sums[lane + half]; }
  }
  if (lane == 0u) { loss[0] = sums[0] / (avgFactor[0] + ${AVG_FACTOR_EPS}) * params.lossWeight; }
}`,
};

/**
 * Records both stages of a loss's sum: Σ term / (avgFactor + ε) · lossWeight (MMDetection `weight_reduce_loss`).
 * Deterministic: no atomics, and the same additions in the same order for the same shape.
 *
 * @param kernel first stage, ending in {@link PARTIAL_SUM_MAIN}; its last buffer is `partials`
 * @param inputs its other buffers
 * @param avgFactor float32 [1]
 */
export function sumLoss(
  kernel: Kernel,
  inputs: readonly Tensor[],
  avgFactor: Tensor,
  { count, lossWeight, ...params }: Record<string, number> & LossSumParams,
): Scalar {
  const groups = partialSums(count);
  const partials = emptyTensor([groups]);
  const loss = emptyTensor<Scalar>([]);
  runKernel(kernel, [...inputs, partials], { ...params, count }, [groups, 1, 1]);
  runKernel(finishKernel, [partials, avgFactor, loss], { count: groups, lossWeight }, [1, 1, 1]);
  partials.dispose();
  return loss;
}

export interface LossSumParams {
  /** Number of terms. */
  readonly count: number;
  readonly lossWeight: number;
}
