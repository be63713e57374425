import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { Scalar, Tensor } from '../../tensor/tf.ts';
import { expectClose } from '../host/describe-on-backends.ts';
import type { LossAndGrad } from './loss-and-grad.ts';

/**
 * A loss and its gradient by `x`, read back; used by tests. `upstream` is the scalar that flows into the loss from
 * above. Disposes of `x` and of `others`.
 */
export async function lossOnGpu(
  loss: (x: Tensor) => Scalar,
  x: Tensor,
  others: readonly Tensor[],
  upstream = 1,
): Promise<LossAndGrad> {
  const dy = tf.scalar(upstream);
  const { value, grad } = tf.valueAndGrad(loss)(x, dy);
  const [values, gradient] = await Promise.all([readTensor(value), readTensor(grad)]);
  tf.dispose([x, ...others, dy, value, grad]);
  return { loss: values[0] ?? Number.NaN, grad: gradient };
}

/** Tolerances of the oracle: 1e-5 absolute plus 1e-4 relative. */
export function expectLossClose(actual: LossAndGrad, expected: LossAndGrad): void {
  expectClose([actual.loss], [expected.loss]);
  expectClose(actual.grad, expected.grad);
}

/** Unreduced values, read back; used by tests. Disposes of `inputs`. */
export async function elementsOnGpu(
  elements: () => Tensor,
  inputs: readonly Tensor[],
): Promise<ArrayLike<number>> {
  const values = elements();
  const result = await readTensor(values);
  tf.dispose([values, ...inputs]);
  return result;
}
