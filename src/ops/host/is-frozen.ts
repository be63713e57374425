import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';

/**
 * Whether a tensor is a variable that is not trained. tfjs does not tell a gradient which of its results are wanted; with
 * this, work that gives several of them in one pass is left out where nobody asks.
 */
export function isFrozen(tensor: Tensor): boolean {
  return tensor instanceof tf.Variable && !tensor.trainable;
}
