import type { LossTerm } from '../loss-sum/loss-term.wgsl.ts';

/**
 * Smooth L1 (Fast R-CNN, arXiv 1504.08083; MMDetection `SmoothL1Loss`): ½ d² / β where |d| < β, else |d| − ½ β; β = 0 is
 * the L1 loss. Its slope is clamp(d / β, −1, 1); with β = 0 the sign of d, and 0 where d is 0.
 */
export const SMOOTH_L1 = /* wgsl */ `
fn smoothL1(difference: vec4<f32>) -> vec4<f32> {
  let d = abs(difference);
  let beta = vec4<f32>(params.beta);
  let quadratic = 0.5 * d * d / max(beta, vec4<f32>(1e-30));
  return select(d - 0.5 * beta, quadratic, d < beta);
}
fn smoothL1Slope(d: vec4<f32>) -> vec4<f32> {
  let beta = vec4<f32>(params.beta);
  return select(sign(d), d / max(beta, vec4<f32>(1e-30)), abs(d) < beta);
}`;

/**
 * Smooth L1 over positives, one term per row of four.
 * Inputs: pred and regressionTargets vec4 [rows], assigned i32 [rows] (negative: no weight).
 */
export const POSITIVES_SMOOTH_L1: LossTerm = {
  name: 'l1_loss',
  inputs: [
    { name: 'pred', type: 'vec4<f32>', access: 'read' },
    { name: 'regressionTargets', type: 'vec4<f32>', access: 'read' },
    { name: 'assigned', type: 'i32', access: 'read' },
  ],
  params: [{ name: 'beta', type: 'f32' }],
  value: 'vec4<f32>',
  slope: 'vec4<f32>',
  body: /* wgsl */ `${SMOOTH_L1}
fn value(index: u32) -> vec4<f32> {
  if (assigned[index] < 0) { return vec4<f32>(0.0); }
  return smoothL1(pred[index] - regressionTargets[index]);
}
fn slope(index: u32) -> vec4<f32> {
  if (assigned[index] < 0) { return vec4<f32>(0.0); }
  return smoothL1Slope(pred[index] - regressionTargets[index]);
}`,
};
