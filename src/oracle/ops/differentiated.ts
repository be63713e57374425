import { nchwToNhwc, nhwcToNchw } from '../../ops/oracle/nchw.ts';
import type { PackedArray } from '../../ops/oracle/parse-casepack.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor4D } from '../../tensor/tf.ts';
import { floats, readOnGpu } from '../on-gpu.ts';
import type { ReadArray } from '../on-gpu.ts';

/** A feature map of a pack on the GPU, as NHWC. */
export function mapTensor(map: PackedArray): Tensor4D {
  const { shape, data } = nchwToNhwc(map);
  return floats(data, shape).as4D(...shape);
}

/** Values of an NHWC map in a pack's order. */
export function mapValues(map: {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}) {
  return nhwcToNchw(map).data;
}

/** The value of an op, and the gradients of Σ value · dy by each input; without dy only the value. */
export async function differentiated(
  inputs: () => readonly Tensor[],
  op: (...inputs: Tensor[]) => Tensor,
  dy: (() => Tensor) | null,
): Promise<{ readonly value: ReadArray; readonly grads: readonly ReadArray[] }> {
  const [value, ...grads] = await readOnGpu(() => {
    const tensors = [...inputs()];
    if (dy === null) return [op(...tensors)];
    const result = tf.valueAndGrads(op)(tensors, dy());
    return [result.value, ...result.grads];
  });
  if (value === undefined) throw new Error('differentiated: no value');
  return { value, grads };
}
