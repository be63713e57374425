import type { LossTerm } from '../loss-sum/loss-term.wgsl.ts';
import { SIGMOID_PARTS } from '../loss-sum/sigmoid.wgsl.ts';

/**
 * With z = logit of "wrong" (−x for the target class, x for the others) and σ = σ(z), the loss is
 * w · σ^γ · softplus(z), and its derivative by z is w · σ^γ · (γ (1 − σ) softplus(z) + σ).
 */
const FOCAL = /* wgsl */ `${SIGMOID_PARTS}
struct Focal {
  loss: f32,
  slope: f32,
}
fn focal(x: f32, isTarget: bool) -> Focal {
  if (isNan(x)) { return Focal(x, x); }
  let parts = sigmoidParts(select(x, -x, isTarget));
  let softplus = parts.minusLogRest;
  var power = parts.sigma * parts.sigma;
  if (params.gamma == 0.0) {
    power = 1.0;
  } else if (params.gamma != 2.0) {
    // σ^γ = exp(−γ softplus(−z)).
    power = exp(-params.gamma * parts.minusLogSigma);
  }
  var weight = 1.0;
  if (params.alpha >= 0.0) { weight = select(1.0 - params.alpha, params.alpha, isTarget); }
  let slope = weight * power * (params.gamma * parts.rest * softplus + parts.sigma);
  return Focal(weight * power * softplus, select(slope, -slope, isTarget));
}`;

/**
 * The sigmoid focal loss (Lin et al., arXiv 1708.02002; MMDetection `FocalLoss`), one term per logit.
 * Inputs: logits f32 [rows, K], labels i32 [rows] (0 … K − 1, K all-zero target, −1 no weight).
 */
export const FOCAL_OF_LABELS: LossTerm = {
  name: 'focal_loss',
  inputs: [
    { name: 'logits', type: 'f32', access: 'read' },
    { name: 'labels', type: 'i32', access: 'read' },
  ],
  params: [
    { name: 'numClasses', type: 'u32' },
    { name: 'gamma', type: 'f32' },
    { name: 'alpha', type: 'f32' },
    { name: 'posWeight', type: 'f32' },
  ],
  value: 'f32',
  slope: 'f32',
  body: /* wgsl */ `${FOCAL}
fn weighted(index: u32) -> Focal {
  let label = labels[index / params.numClasses];
  if (label < 0) { return Focal(0.0, 0.0); }
  let rowWeight = select(1.0, params.posWeight, u32(label) < params.numClasses);
  let term = focal(logits[index], u32(label) == index % params.numClasses);
  return Focal(rowWeight * term.loss, rowWeight * term.slope);
}
fn value(index: u32) -> f32 { return weighted(index).loss; }
fn slope(index: u32) -> f32 { return weighted(index).slope; }`,
};

/** As {@link FOCAL_OF_LABELS}, by targets f32 [rows, K] of 0 and 1 (torchvision's form). */
export const FOCAL_OF_TARGETS: LossTerm = {
  name: 'focal_loss_targets',
  inputs: [
    { name: 'logits', type: 'f32', access: 'read' },
    { name: 'targets', type: 'f32', access: 'read' },
  ],
  params: [
    { name: 'gamma', type: 'f32' },
    { name: 'alpha', type: 'f32' },
  ],
  value: 'f32',
  slope: 'f32',
  body: /* wgsl */ `${FOCAL}
fn value(index: u32) -> f32 { return focal(logits[index], targets[index] > 0.5).loss; }
fn slope(index: u32) -> f32 { return focal(logits[index], targets[index] > 0.5).slope; }`,
};
