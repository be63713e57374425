import type { BufferSpec, Kernel } from '../../tensor/kernel.ts';
import { AVG_FACTOR_EPS, PARTIAL_SUM_MAIN } from '../loss-sum/loss-sum.ts';

export const WORKGROUP_SIZE = 64;

const INPUTS: readonly BufferSpec[] = [
  { name: 'pred', type: 'vec4<f32>', access: 'read' },
  { name: 'regressionTargets', type: 'vec4<f32>', access: 'read' },
  { name: 'assigned', type: 'i32', access: 'read' },
];

/**
 * First stage of the sum of the smooth L1 loss over positives (Fast R-CNN, arXiv 1504.08083; MMDetection
 * `SmoothL1Loss`): ½ d² / β where |d| < β, else |d| − ½ β; β = 0 is the L1 loss.
 * Buffers: pred and regressionTargets vec4 [rows], assigned i32 [rows] (negative: no weight) → partials f32 [P].
 * One invocation adds rows index, index + stride, …; the workgroup adds its sums by a tree.
 */
export const l1SumKernel: Kernel = {
  name: 'l1_loss_sum',
  buffers: [...INPUTS, { name: 'partials', type: 'f32', access: 'write' }],
  params: [
    { name: 'beta', type: 'f32' },
    { name: 'count', type: 'u32' },
  ],
  body: /* wgsl */ `
fn term(index: u32) -> f32 {
  if (assigned[index] < 0) { return 0.0; }
  let d = abs(pred[index] - regressionTargets[index]);
  let beta = vec4<f32>(params.beta);
  let quadratic = 0.5 * d * d / max(beta, vec4<f32>(1e-30));
  return dot(select(d - 0.5 * beta, quadratic, d < beta), vec4<f32>(1.0));
}${PARTIAL_SUM_MAIN}`,
};

/**
 * Gradient of the loss by pred: dy · lossWeight / (avgFactor + ε) · clamp(d / β, −1, 1); with β = 0 the sign of d, and 0
 * where d is 0.
 * Buffers: pred and regressionTargets vec4 [rows], assigned i32 [rows], avgFactor f32 [1], dy f32 [1] → grad vec4
 * [rows]. One invocation per row; 0 where it is not positive.
 */
export const l1GradKernel: Kernel = {
  name: 'l1_loss_grad',
  buffers: [
    ...INPUTS,
    { name: 'avgFactor', type: 'f32', access: 'read' },
    { name: 'dy', type: 'f32', access: 'read' },
    { name: 'grad', type: 'vec4<f32>', access: 'write' },
  ],
  params: [
    { name: 'beta', type: 'f32' },
    { name: 'lossWeight', type: 'f32' },
    { name: 'count', type: 'u32' },
    { name: 'rowSize', type: 'u32' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  var slope = vec4<f32>(0.0);
  if (assigned[index] >= 0) {
    let d = pred[index] - regressionTargets[index];
    let beta = vec4<f32>(params.beta);
    slope = select(sign(d), d / max(beta, vec4<f32>(1e-30)), abs(d) < beta);
  }
  grad[index] = dy[0] * params.lossWeight / (avgFactor[0] + ${AVG_FACTOR_EPS}) * slope;
}`,
};
