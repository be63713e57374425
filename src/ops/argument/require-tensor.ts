import type { Tensor } from '../../tensor/tf.ts';

/**
 * Checks one tensor argument of an op, so that a wrong one is named where it is passed and not where a buffer ends.
 *
 * @param shape wanted sides; null = any side of at least 1
 * @throws Error `op: argument must be dtype [shape], got …`
 */
export function requireTensor(
  op: string,
  argument: string,
  tensor: Tensor,
  dtype: 'float32' | 'int32',
  shape: readonly (number | null)[],
): void {
  const fits =
    tensor.shape.length === shape.length &&
    shape.every((side, axis) =>
      side === null ? (tensor.shape[axis] ?? 0) > 0 : side === tensor.shape[axis],
    );
  if (fits && tensor.dtype === dtype) return;
  const wanted = shape.map((side) => side ?? '≥1').join(', ');
  throw new Error(
    `${op}: ${argument} must be ${dtype} [${wanted}], got ${tensor.dtype} [${tensor.shape.join(', ')}]`,
  );
}

/** The side of a tensor along an axis; throws when it has fewer axes. */
export function side(op: string, argument: string, tensor: Tensor, axis: number): number {
  const length = tensor.shape[axis];
  if (length === undefined) {
    throw new Error(`${op}: ${argument} needs an axis ${axis}, got [${tensor.shape.join(', ')}]`);
  }
  return length;
}
