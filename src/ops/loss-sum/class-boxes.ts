import type { ParamSpec } from '../../tensor/kernel.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';

/** Which of a row's boxes a label chooses, where a head predicts a box per class. */
export interface ClassBoxOptions {
  /** K, without the background. */
  readonly numClasses: number;
  /**
   * The first class's label, which is also how many boxes a row has before that class's: 0 with the background last
   * (MMDetection), 1 with the background at 0 (torchvision). Default 0.
   */
  readonly labelOffset?: number;
}

/** Parameters of {@link CLASS_BOXES}. */
export const CLASS_BOX_PARAMS: readonly ParamSpec[] = [
  { name: 'boxesPerRow', type: 'u32' },
  { name: 'firstLabel', type: 'i32' },
  { name: 'endLabel', type: 'i32' },
];

/**
 * `rowOf(index)` of a predicted box, and whether it `isOfClass(index)`: its row's label is of a class, and the box is
 * that class's or the row's only one. Needs labels i32 [rows] and CLASS_BOX_PARAMS.
 */
export const CLASS_BOXES = /* wgsl */ `
fn rowOf(index: u32) -> u32 { return index / params.boxesPerRow; }
fn isOfClass(index: u32) -> bool {
  let label = labels[rowOf(index)];
  if (label < params.firstLabel || label >= params.endLabel) { return false; }
  return params.boxesPerRow == 1u || u32(label) == index % params.boxesPerRow;
}`;

/**
 * Checks pred float32 [R, 4 (K + labelOffset)] or [R, 4], target float32 [R, 4] and labels int32 [R].
 *
 * @returns the values of CLASS_BOX_PARAMS
 */
export function requireClassBoxes(
  op: string,
  { pred, target, labels }: Readonly<Record<'pred' | 'target' | 'labels', Tensor>>,
  { numClasses, labelOffset = 0 }: ClassBoxOptions,
): Readonly<Record<'boxesPerRow' | 'firstLabel' | 'endLabel', number>> {
  requireTensor(op, 'pred', pred, 'float32', [null, null]);
  const rows = side(op, 'pred', pred, 0);
  const boxesPerRow = side(op, 'pred', pred, 1) / 4;
  const boxes = numClasses + labelOffset;
  if (boxesPerRow !== 1 && boxesPerRow !== boxes) {
    throw new Error(
      `${op}: pred must be float32 [R, 4] or [R, ${4 * boxes}], got [${pred.shape.join(', ')}]`,
    );
  }
  requireTensor(op, 'target', target, 'float32', [rows, 4]);
  requireTensor(op, 'labels', labels, 'int32', [rows]);
  return { boxesPerRow, firstLabel: labelOffset, endLabel: boxes };
}
