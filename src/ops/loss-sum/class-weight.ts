import { uploadFloats } from '../../tensor/upload.ts';
import type { Tensor } from '../../tensor/tf.ts';

/** `pos_weight` of MMDetection's train_cfg. */
export interface PosWeightOption {
  /** Weight of rows that have a class, against 1 of the background's; 0 or below means 1. Default −1. */
  readonly posWeight?: number;
}

/** The weight that `posWeight` gives to rows that have a class. */
export function rowWeightOf(posWeight = -1): number {
  return posWeight > 0 ? posWeight : 1;
}

/** `class_weight` of MMDetection as float32 [numClasses]; throws unless it holds one number for each. */
export function classWeightTensor(
  op: string,
  classWeight: readonly number[],
  numClasses: number,
): Tensor {
  if (classWeight.length !== numClasses) {
    throw new Error(
      `${op}: classWeight must hold ${numClasses} numbers, one per class, got ${classWeight.length}`,
    );
  }
  return uploadFloats(Float32Array.from(classWeight), [numClasses]);
}
