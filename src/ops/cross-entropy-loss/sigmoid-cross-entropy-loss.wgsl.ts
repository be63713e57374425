import type { BufferSpec } from '../../tensor/kernel.ts';
import type { LossTerm } from '../loss-sum/loss-term.wgsl.ts';
import { BINARY_CROSS_ENTROPY } from './binary-cross-entropy-loss.wgsl.ts';

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
