import type { BufferSpec } from '../../tensor/kernel.ts';
import type { LossTerm } from '../loss-sum/loss-term.wgsl.ts';
import { SIGMOID_PARTS } from '../loss-sum/sigmoid.wgsl.ts';

/** With p = σ(x): −w · t · log(p) − (1 − t) · log(1 − p), by x: (1 − t) · p − w · t · (1 − p). */
const BINARY_CROSS_ENTROPY = /* wgsl */ `${SIGMOID_PARTS}
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
 * Binary cross entropy with the one-hot rows of labels (MMDetection `CrossEntropyLoss` with `use_sigmoid`), one term per
 * logit. Inputs: logits f32 [rows, K], labels i32 [rows] (0 … K − 1, K all-zero target, −1 no weight) and, with
 * `classWeighted`, classWeight f32 [K], which weighs the term of a class's own target alone (PyTorch's `pos_weight`).
 */
export function sigmoidCrossEntropyTerm(classWeighted: boolean): LossTerm {
  const classWeight: readonly BufferSpec[] = [{ name: 'classWeight', type: 'f32', access: 'read' }];
  return {
    name: `sigmoid_cross_entropy_loss${classWeighted ? '_class_weighted' : ''}`,
    inputs: [
      { name: 'logits', type: 'f32', access: 'read' },
      { name: 'labels', type: 'i32', access: 'read' },
      ...(classWeighted ? classWeight : []),
    ],
    params: [
      { name: 'numClasses', type: 'u32' },
      { name: 'posWeight', type: 'f32' },
    ],
    value: 'f32',
    slope: 'f32',
    body: /* wgsl */ `
fn weighted(index: u32) -> Entropy {
  let label = labels[index / params.numClasses];
  if (label < 0) { return Entropy(0.0, 0.0); }
  let column = index % params.numClasses;
  let goal = select(0.0, 1.0, u32(label) == column);
  let term = binaryCrossEntropy(logits[index], goal, ${classWeighted ? 'classWeight[column]' : '1.0'});
  let rowWeight = select(1.0, params.posWeight, u32(label) < params.numClasses);
  return Entropy(rowWeight * term.loss, rowWeight * term.slope);
}${BINARY_CROSS_ENTROPY}`,
  };
}

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
