import type { BufferSpec, Kernel, ParamSpec } from '../../tensor/kernel.ts';

/** Invocations of a workgroup in every kernel of a loss. */
export const LOSS_WORKGROUP_SIZE = 64;

/** What a term may be: one number, or the four of a box. */
type TermType = 'f32' | 'vec4<f32>';

/**
 * A loss as one formula, from which its three kernels are made: the sum, the gradient and the unreduced values.
 * Terms are numbered 0 … count − 1, as the elements (of type `slope`) of the prediction are.
 */
export interface LossTerm {
  /** Label of the kernels, e.g. `focal_loss`; two terms of one name must be the same. */
  readonly name: string;
  /** The first is the prediction, by which the gradient is. */
  readonly inputs: readonly BufferSpec[];
  readonly params: readonly ParamSpec[];
  /** Type of a term's value; the four of a vec4 are added. */
  readonly value: TermType;
  /** Type of a term's slope by its element of the prediction. */
  readonly slope: TermType;
  /**
   * WGSL defining `value(index: u32)` and `slope(index: u32)`. Both are 0, and not computed, where the term has no
   * weight, and NaN where its prediction is.
   */
  readonly body: string;
}

/** `treeSum(value, lane)`: the sum over the workgroup, on its first invocation; the same additions each time. */
const TREE_SUM = /* wgsl */ `
var<workgroup> sums: array<f32, ${LOSS_WORKGROUP_SIZE}>;
fn treeSum(value: f32, lane: u32) -> f32 {
  workgroupBarrier();
  sums[lane] = value;
  for (var half = ${LOSS_WORKGROUP_SIZE / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { sums[lane] += sums[lane + half]; }
  }
  return sums[0];
}`;

/**
 * First stage of a loss's sum. Buffers: the inputs → partials f32 [S, P] of S segments (images, or all of it as one).
 * Workgroup (x, y) adds terms lane, lane + stride, … of segment y, and then its invocations' sums by a tree.
 */
export function sumKernel({ name, inputs, params, value, body }: LossTerm): Kernel {
  return {
    name: `${name}_sum`,
    buffers: [...inputs, { name: 'partials', type: 'f32', access: 'write' }],
    params: [...params, { name: 'segmentCount', type: 'u32' }],
    body: /* wgsl */ `${body}${TREE_SUM}
@compute @workgroup_size(${LOSS_WORKGROUP_SIZE}, 1, 1)
fn main(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = group.y * params.segmentCount;
  var sum = 0.0;
  for (var index = id.x; index < params.segmentCount; index += groups.x * ${LOSS_WORKGROUP_SIZE}u) {
    sum += ${value === 'f32' ? 'value(first + index)' : 'dot(value(first + index), vec4<f32>(1.0))'};
  }
  let total = treeSum(sum, lane);
  if (lane == 0u) { partials[group.y * groups.x + group.x] = total; }
}`,
  };
}

/**
 * Second stage: Σ over segments of (Σ of its partials / (its avgFactor + ε)), · scale.
 * Buffers: partials f32 [S, P], avgFactor f32 [S] → loss f32 [1]. One workgroup; segments in order, the same tree.
 */
export const finishKernel: Kernel = {
  name: 'loss_sum_finish',
  buffers: [
    { name: 'partials', type: 'f32', access: 'read' },
    { name: 'avgFactor', type: 'f32', access: 'read' },
    { name: 'loss', type: 'f32', access: 'write' },
  ],
  params: [
    { name: 'count', type: 'u32' },
    { name: 'segments', type: 'u32' },
    { name: 'avgFactorEps', type: 'f32' },
    { name: 'scale', type: 'f32' },
  ],
  body: /* wgsl */ `${TREE_SUM}
@compute @workgroup_size(${LOSS_WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(local_invocation_index) lane: u32) {
  var result = 0.0;
  for (var segment = 0u; segment < params.segments; segment++) {
    var sum = 0.0;
    for (var index = lane; index < params.count; index += ${LOSS_WORKGROUP_SIZE}u) {
      sum += partials[segment * params.count + index];
    }
    result += treeSum(sum, lane) / (avgFactor[segment] + params.avgFactorEps);
  }
  if (lane == 0u) { loss[0] = result * params.scale; }
}`,
};

/**
 * Gradient of the loss by the prediction: dy · scale / (avgFactor + ε) · slope, avgFactor that of the term's segment.
 * Buffers: the inputs, avgFactor f32 [S], dy f32 [1] → grad, shaped as the prediction. One invocation per term; all of
 * them are written.
 */
export function gradKernel({ name, inputs, params, slope, body }: LossTerm): Kernel {
  return {
    name: `${name}_grad`,
    buffers: [
      ...inputs,
      { name: 'avgFactor', type: 'f32', access: 'read' },
      { name: 'dy', type: 'f32', access: 'read' },
      { name: 'grad', type: slope, access: 'write' },
    ],
    params: [
      ...params,
      { name: 'segmentCount', type: 'u32' },
      { name: 'avgFactorEps', type: 'f32' },
      { name: 'scale', type: 'f32' },
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
    ],
    body: /* wgsl */ `${body}
@compute @workgroup_size(${LOSS_WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let factor = avgFactor[index / params.segmentCount] + params.avgFactorEps;
  grad[index] = dy[0] * params.scale / factor * slope(index);
}`,
  };
}

/** The unreduced loss. Buffers: the inputs → values, one per term, · lossWeight. One invocation per term. */
export function elementsKernel({ name, inputs, params, value, body }: LossTerm): Kernel {
  return {
    name: `${name}_elements`,
    buffers: [...inputs, { name: 'values', type: value, access: 'write' }],
    params: [
      ...params,
      { name: 'lossWeight', type: 'f32' },
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
    ],
    body: /* wgsl */ `${body}
@compute @workgroup_size(${LOSS_WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  values[index] = params.lossWeight * value(index);
}`,
  };
}
