import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '../tensor/tf.ts';

/** A parameter's variable as the vector that it is; throws on another rank. */
export function as1D(variable: Tensor): Tensor1D {
  if (!hasRank<Tensor1D>(variable, 1)) throw new Error('vector parameter: rank 1 wanted');
  return variable;
}

/** A parameter's variable as the matrix that it is; throws on another rank. */
export function as2D(variable: Tensor): Tensor2D {
  if (!hasRank<Tensor2D>(variable, 2)) throw new Error('linear weight: rank 2 wanted');
  return variable;
}

/** A parameter's variable as the convolution weight that it is; throws on another rank. */
export function as4D(variable: Tensor): Tensor4D {
  if (!hasRank<Tensor4D>(variable, 4)) throw new Error('conv weight: rank 4 wanted');
  return variable;
}

function hasRank<T extends Tensor>(tensor: Tensor, rank: number): tensor is T {
  return tensor.rank === rank;
}
