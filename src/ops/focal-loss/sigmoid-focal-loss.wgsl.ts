import type { BufferSpec, Kernel, ParamSpec } from '../../tensor/kernel.ts';
import { IS_NAN } from '../box-iou/iou.wgsl.ts';
import { AVG_FACTOR_EPS, PARTIAL_SUM_MAIN } from '../loss-sum/loss-sum.ts';

export const WORKGROUP_SIZE = 64;

const INPUTS: readonly BufferSpec[] = [
  { name: 'logits', type: 'f32', access: 'read' },
  { name: 'labels', type: 'i32', access: 'read' },
];
const SHAPE: readonly ParamSpec[] = [
  { name: 'numClasses', type: 'u32' },
  { name: 'gamma', type: 'f32' },
  { name: 'alpha', type: 'f32' },
  { name: 'count', type: 'u32' },
];

/**
 * With z = logit of "wrong" (−x for the target class, x for the others) and σ = σ(z), the loss is
 * w · σ^γ · softplus(z), and its derivative by z is w · σ^γ · (γ (1 − σ) softplus(z) + σ).
 * Every factor is formed from e = exp(−|z|), so nothing overflows or cancels at any logit.
 * log(1 + e) is 2 atanh(e / (2 + e)): WGSL's log near 1 is only good to 5e-7 absolute.
 */
const FOCAL = /* wgsl */ `${IS_NAN}
struct Focal {
  loss: f32,
  slope: f32,
}
fn log1pOfAtMostOne(e: f32) -> f32 {
  let s = e / (2.0 + e);
  let q = s * s;
  return 2.0 * s * (1.0 + q * (1.0 / 3.0 + q * (0.2 + q * (1.0 / 7.0 + q * (1.0 / 9.0
    + q * (1.0 / 11.0 + q * (1.0 / 13.0 + q / 15.0)))))));
}
fn focal(x: f32, isTarget: bool) -> Focal {
  if (isNan(x)) { return Focal(x, x); }
  let z = select(x, -x, isTarget);
  let e = exp(-abs(z));
  let log1p = log1pOfAtMostOne(e);
  let near = 1.0 / (1.0 + e);
  let far = e / (1.0 + e);
  let sigma = select(far, near, z >= 0.0);
  let rest = select(near, far, z >= 0.0);
  let softplus = max(z, 0.0) + log1p;
  var power = sigma * sigma;
  if (params.gamma == 0.0) {
    power = 1.0;
  } else if (params.gamma != 2.0) {
    // σ^γ = exp(−γ softplus(−z)).
    power = exp(-params.gamma * (max(-z, 0.0) + log1p));
  }
  var weight = 1.0;
  if (params.alpha >= 0.0) { weight = select(1.0 - params.alpha, params.alpha, isTarget); }
  let slope = weight * power * (params.gamma * rest * softplus + sigma);
  return Focal(weight * power * softplus, select(slope, -slope, isTarget));
}`;

/**
 * First stage of the sum of the sigmoid focal loss (Lin et al., arXiv 1708.02002; MMDetection `FocalLoss`).
 * Buffers: logits f32 [rows, K], labels i32 [rows] (0 … K − 1, K all-zero target, −1 no weight) → partials f32 [P].
 * One invocation adds terms index, index + stride, …; the workgroup adds its sums by a tree. A NaN logit gives a NaN
 * loss.
 */
export const focalSumKernel: Kernel = {
  name: 'focal_loss_sum',
  buffers: [...INPUTS, { name: 'partials', type: 'f32', access: 'write' }],
  params: SHAPE,
  body: /* wgsl */ `${FOCAL}
fn term(index: u32) -> f32 {
  let label = labels[index / params.numClasses];
  if (label < 0) { return 0.0; }
  return focal(logits[index], u32(label) == index % params.numClasses).loss;
}${PARTIAL_SUM_MAIN}`,
};

/**
 * Gradient of the loss by the logits: dy · lossWeight / (avgFactor + ε) · slope.
 * Buffers: logits f32 [rows, K], labels i32 [rows], avgFactor f32 [1], dy f32 [1] → grad f32 [rows, K].
 * One invocation per logit; 0 where the label is −1.
 */
export const focalGradKernel: Kernel = {
  name: 'focal_loss_grad',
  buffers: [
    ...INPUTS,
    { name: 'avgFactor', type: 'f32', access: 'read' },
    { name: 'dy', type: 'f32', access: 'read' },
    { name: 'grad', type: 'f32', access: 'write' },
  ],
  params: [...SHAPE, { name: 'lossWeight', type: 'f32' }, { name: 'rowSize', type: 'u32' }],
  body: /* wgsl */ `${FOCAL}
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let label = labels[index / params.numClasses];
  var slope = 0.0;
  if (label >= 0) { slope = focal(logits[index], u32(label) == index % params.numClasses).slope; }
  grad[index] = dy[0] * params.lossWeight / (avgFactor[0] + ${AVG_FACTOR_EPS}) * slope;
}`,
};
