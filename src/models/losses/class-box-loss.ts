import { classBoxL1Loss } from '../../ops/l1-loss/class-box-l1-loss.ts';
import type { Scalar, Tensor } from '../../tensor/tf.ts';
import type { BoxLossSpec } from './loss-options.ts';

/** What a box loss on RoIs needs; R RoIs. */
export interface ClassBoxLossInput {
  /** float32 [R, 4·rows] */
  readonly pred: Tensor;
  /** float32 [R, 4] */
  readonly deltas: Tensor;
  /** int32 [R]: class of a positive; the background's label or −1 for the others */
  readonly labels: Tensor;
  /** float32 [1] */
  readonly avgFactor: Tensor;
}
