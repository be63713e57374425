import type { Kernel, ParamSpec } from '../../tensor/kernel.ts';
import { IS_NAN } from '../box-iou/iou.wgsl.ts';

export const WORKGROUP_SIZE = 64;

/** `linear`: negative ones become 0. `exp`: e to the power of them. */
export type DistanceForm = 'linear' | 'exp';

/**
 * `distance(z)` and its `slope(z)`. At 0 the linear form has slope 1, as PyTorch's clamp has (its ReLU has 0). max and exp
 * may hide a NaN, so it is looked for.
 */
const FORMS: Readonly<Record<DistanceForm, string>> = {
  linear: /* wgsl */ `
fn distance(z: f32) -> f32 { return select(max(z, 0.0), z, isNan(z)); }
fn slope(z: f32) -> f32 { return select(select(0.0, 1.0, z >= 0.0), z, isNan(z)); }`,
  exp: /* wgsl */ `
fn distance(z: f32) -> f32 { return select(exp(z), z, isNan(z)); }
fn slope(z: f32) -> f32 { return distance(z); }`,
};

const SIZES: readonly ParamSpec[] = [
  { name: 'unit', type: 'f32' },
  { name: 'count', type: 'u32' },
  { name: 'rowSize', type: 'u32' },
];

/** distances[i] = unit · distance(scale · pred[i]). Buffers: pred f32, scale f32 [1] → distances f32. */
export function scaledDistancesKernel(form: DistanceForm): Kernel {
  return {
    name: `scaled_distances_${form}`,
    buffers: [
      { name: 'pred', type: 'f32', access: 'read' },
      { name: 'scale', type: 'f32', access: 'read' },
      { name: 'distances', type: 'f32', access: 'write' },
    ],
    params: SIZES,
    body: /* wgsl */ `${IS_NAN}${FORMS[form]}
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  distances[index] = params.unit * distance(scale[0] * pred[index]);
}`,
  };
}

/**
 * Gradients by the prediction, and by the scale as one partial sum per workgroup.
 * Buffers: pred f32, scale f32 [1], dy f32 → dPred f32, partials f32 [workgroups]. Workgroup x does elements lane, lane +
 * stride, … and adds its invocations' sums by a tree: the same additions in the same order for the same shape.
 */
export function scaledDistancesGradKernel(form: DistanceForm): Kernel {
  return {
    name: `scaled_distances_grad_${form}`,
    buffers: [
      { name: 'pred', type: 'f32', access: 'read' },
      { name: 'scale', type: 'f32', access: 'read' },
      { name: 'dy', type: 'f32', access: 'read' },
      { name: 'dPred', type: 'f32', access: 'write' },
      { name: 'partials', type: 'f32', access: 'write' },
    ],
    params: SIZES.filter(({ name }) => name !== 'rowSize'),
    body: /* wgsl */ `${IS_NAN}${FORMS[form]}
var<workgroup> sums: array<f32, ${WORKGROUP_SIZE}>;
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  var sum = 0.0;
  for (var index = id.x; index < params.count; index += groups.x * ${WORKGROUP_SIZE}u) {
    let byProduct = params.unit * slope(scale[0] * pred[index]) * dy[index];
    dPred[index] = byProduct * scale[0];
    sum += byProduct * pred[index];
  }
  sums[lane] = sum;
  for (var half = ${WORKGROUP_SIZE / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { sums[lane] += sums[lane + half]; }
  }
  if (lane == 0u) { partials[group.x] = sums[0]; }
}`,
  };
}
