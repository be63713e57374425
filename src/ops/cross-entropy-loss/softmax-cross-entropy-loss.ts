import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import { tf } from '../../tensor/tf.ts';
import type { Scalar, Tensor, Tensor1D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { defineOp } from '../host/define-op.ts';
import { classWeightTensor, rowWeightOf } from '../loss-sum/class-weight.ts';
import type { PosWeightOption } from '../loss-sum/class-weight.ts';
import { AVG_FACTOR_EPS, finishLoss, requireAvgFactor } from '../loss-sum/loss-sum.ts';
import {
  softmaxCrossEntropyGradKernel,
  softmaxCrossEntropyRowsKernel,
} from './softmax-cross-entropy-loss.wgsl.ts';

/** `CrossEntropyLoss` of MMDetection without `use_sigmoid`. */
export interface SoftmaxCrossEntropyOptions extends PosWeightOption {
  /** Default 1. */
  readonly lossWeight?: number;
  /** One weight per class, of the rows with that label. Default all 1. */
  readonly classWeight?: readonly number[];
  /** The class that is no object, which `posWeight` leaves out. Default C − 1 (MMDetection); torchvision's is 0. */
  readonly background?: number;
}

type Input = 'logits' | 'labels' | 'classWeight' | 'avgFactor';
type Attributes = Readonly<Record<'lossWeight' | 'posWeight' | 'background', number>>;
const OP = 'softmaxCrossEntropyLoss';

/** What both kernels get of the shapes; a workgroup is a row. */
function dispatchOf(logits: Tensor) {
  const rows = side(OP, 'logits', logits, 0);
  const { workgroups, rowSize } = foldWorkgroups(rows, 1);
  return { params: { numClasses: side(OP, 'logits', logits, 1), rows, rowSize }, workgroups };
}

/** @param inputs logits, labels and perhaps class weights */
function rowLosses(inputs: readonly Tensor[], logits: Tensor, attributes: Attributes): Tensor1D {
  const { params, workgroups } = dispatchOf(logits);
  const losses = emptyTensor<Tensor1D>([params.rows]);
  const kernel = softmaxCrossEntropyRowsKernel(inputs.length > 2);
  runKernel(kernel, [...inputs, losses], { ...attributes, ...params }, workgroups);
  return losses;
}

function define(names: readonly Exclude<Input, 'avgFactor'>[]) {
  const classWeighted = names.includes('classWeight');
  return defineOp<Input, Attributes>({
    name: `SoftmaxCrossEntropyLoss${classWeighted ? 'ClassWeighted' : ''}`,
    save: [...names, 'avgFactor'],
    forward(inputs, { lossWeight, ...attributes }) {
      const tensors = names.map((name) => inputs[name]);
      const losses = rowLosses(tensors, inputs.logits, { ...attributes, lossWeight: 1 });
      return finishLoss(losses, inputs.avgFactor, lossWeight);
    },
    gradient: (dy, saved, attributes) => ({
      logits() {
        const [logits] = saved;
        if (logits === undefined) throw new Error(`${OP}: saved tensors are missing`);
        const grad = emptyTensor(logits.shape);
        const { params, workgroups } = dispatchOf(logits);
        runKernel(
          softmaxCrossEntropyGradKernel(classWeighted),
          [...saved, dy, grad],
          { ...attributes, ...params, avgFactorEps: AVG_FACTOR_EPS },
          workgroups,
        );
        return grad;
      },
    }),
  });
}

const unweighted = define(['logits', 'labels']);
const classWeighted = define(['logits', 'labels', 'classWeight']);

/**
 * Σ over rows of weight · (log Σ exp(x) − x of the label), / (avgFactor + 1.2e-7) · lossWeight (MMDetection 3.x
 * `CrossEntropyLoss`). Stable at any logit. Two dispatches, one for the gradient, which is by the logits alone.
 *
 * @param logits float32 [R, C]
 * @param labels int32 [R], 0 … C − 1; negative (−1, PyTorch's −100): no weight; C or more gives NaN
 * @param avgFactor float32 [1]
 */
export function softmaxCrossEntropyLoss(
  logits: Tensor,
  labels: Tensor,
  avgFactor: Tensor,
  options: SoftmaxCrossEntropyOptions = {},
): Scalar {
  const attributes = attributesOf(OP, logits, labels, options);
  requireAvgFactor(OP, avgFactor, 1);
  const { classWeight: weights } = options;
  if (weights === undefined) {
    return unweighted({ logits, labels, avgFactor }, attributes).asScalar();
  }
  return tf.tidy(() => {
    const classWeight = classWeightTensor(OP, weights, side(OP, 'logits', logits, 1));
    return classWeighted({ logits, labels, classWeight, avgFactor }, attributes).asScalar();
  });
}

/**
 * The unreduced loss of {@link softmaxCrossEntropyLoss}; one dispatch, no gradient.
 *
 * @returns float32 [R]
 */
export function softmaxCrossEntropyLossElements(
  logits: Tensor,
  labels: Tensor,
  options: SoftmaxCrossEntropyOptions = {},
): Tensor1D {
  const op = 'softmaxCrossEntropyLossElements';
  const attributes = attributesOf(op, logits, labels, options);
  const { classWeight: weights } = options;
  return tf.tidy(() => {
    const classes = side(op, 'logits', logits, 1);
    const classWeight = weights ? [classWeightTensor(op, weights, classes)] : [];
    return rowLosses([logits, labels, ...classWeight], logits, attributes);
  });
}

function attributesOf(
  op: string,
  logits: Tensor,
  labels: Tensor,
  { lossWeight = 1, posWeight, background }: SoftmaxCrossEntropyOptions,
): Attributes {
  requireTensor(op, 'logits', logits, 'float32', [null, null]);
  requireTensor(op, 'labels', labels, 'int32', [side(op, 'logits', logits, 0)]);
  const last = side(op, 'logits', logits, 1) - 1;
  return { lossWeight, posWeight: rowWeightOf(posWeight), background: background ?? last };
}
