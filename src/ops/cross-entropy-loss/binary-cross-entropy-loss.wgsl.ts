import type { LossTerm } from '../loss-sum/loss-term.wgsl.ts';
import { SIGMOID_PARTS } from '../loss-sum/sigmoid.wgsl.ts';

/**
 * `binaryCrossEntropy(x, goal, positiveWeight)`: with p = σ(x), −w · t · log(p) − (1 − t) · log(1 − p), by x:
 * (1 − t) · p − w · t · (1 − p). Also a term's `value` and `slope`; needs `weighted(index) -> Entropy`.
 */
export const BINARY_CROSS_ENTROPY = /* wgsl */ `${SIGMOID_PARTS}
struct Entropy {
  loss: f32,
  slope: f32,
}
fn binaryCrossEntropy(x: f32, goal: f32, positiveWeight: f32) -> Entropy {
  if (isNan(x)) { return Entropy(x, x); }
  let parts = sigmoidParts(x);
  let t = positiveWeight * goal;
  let rest = 1.0 - goal;
  return Entropy(
    t * parts.minusLogSigma + rest * parts.minusLogRest,
    rest * parts.sigma - t * parts.rest,
  );
}
fn value(index: u32) -> f32 { return weighted(index).loss; }
fn slope(index: u32) -> f32 { return weighted(index).slope; }`;

/**
 * Binary cross entropy with targets of 0 … 1, one term per logit.
 * Inputs: logits f32 [rows], targets f32 [rows], assigned i32 [rows] (negative: no weight).
 */
export const BINARY_CROSS_ENTROPY_OF_TARGETS: LossTerm = {
  name: 'binary_cross_entropy_loss',
  inputs: [
    { name: 'logits', type: 'f32', access: 'read' },
    { name: 'targets', type: 'f32', access: 'read' },
    { name: 'assigned', type: 'i32', access: 'read' },
  ],
  params: [],
  value: 'f32',
  slope: 'f32',
  body: /* wgsl */ `
fn weighted(index: u32) -> Entropy {
  if (assigned[index] < 0) { return Entropy(0.0, 0.0); }
  return binaryCrossEntropy(logits[index], targets[index], 1.0);
}${BINARY_CROSS_ENTROPY}`,
};
