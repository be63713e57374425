import { reduceReference } from '../../ops/loss-sum/loss-terms.reference.ts';
import type { LossTerms } from '../../ops/loss-sum/loss-terms.reference.ts';
import { tf } from '../../tensor/tf.ts';
import type { Scalar, Tensor } from '../../tensor/tf.ts';
import { floats, readOnGpu } from '../on-gpu.ts';

/** A loss in its two forms. */
export interface LossResult {
  /** Reduced: Σ / avgFactor · loss weight. */
  readonly loss: number;
  /** Of the reduced loss, by each number of the prediction. */
  readonly grad: ArrayLike<number>;
  /** Unreduced. */
  readonly elements: ArrayLike<number>;
}

export interface GpuLoss {
  readonly prediction: ArrayLike<number>;
  readonly shape: readonly number[];
  readonly avgFactor: number;
  readonly loss: (prediction: Tensor, avgFactor: Tensor) => Scalar;
  /** Absent where the op has no unreduced form. */
  readonly elements?: (prediction: Tensor) => Tensor;
}

/** MMDetection adds float32's epsilon to the divisor; a sum or a plain mean has none. */
export const EPS = 1.1920929e-7;

/** Runs both forms of a loss. Without terms nothing is dispatched: a sum of nothing is 0. */
export async function lossOnGpu(input: GpuLoss): Promise<LossResult> {
  const { prediction, shape, avgFactor, loss, elements } = input;
  if (prediction.length === 0) return { loss: 0, grad: [], elements: [] };
  const [value, grad, unreduced] = await readOnGpu(() => {
    const x = floats(prediction, shape);
    const factor = floats([avgFactor], [1]);
    const result = tf.valueAndGrad((tensor: Tensor) => loss(tensor, factor))(x);
    return [result.value, result.grad, ...(elements === undefined ? [] : [elements(x)])];
  });
  return {
    loss: value?.data[0] ?? Number.NaN,
    grad: grad?.data ?? [],
    elements: unreduced?.data ?? [],
  };
}

/** The same of a slow twin's terms. */
export function lossOfTerms(terms: LossTerms, avgFactor: number, lossWeight = 1): LossResult {
  return {
    ...reduceReference(terms, avgFactor, lossWeight),
    elements: terms.values.map((value) => value * lossWeight),
  };
}
