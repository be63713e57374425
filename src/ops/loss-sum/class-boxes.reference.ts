/** Rows of a head that predicts a box per class, see `ClassBoxOptions`. */
export interface ClassBoxRows {
  readonly pred: ArrayLike<number>;
  readonly labels: readonly number[];
  readonly numClasses: number;
  readonly labelOffset?: number;
}

/** Of each row, where in `pred` the box of its class starts; null where it has none. */
export function chosenBoxes({
  pred,
  labels,
  numClasses,
  labelOffset = 0,
}: ClassBoxRows): (number | null)[] {
  const width = pred.length / labels.length;
  return labels.map((label, row) => {
    if (label < labelOffset || label >= labelOffset + numClasses) return null;
    return row * width + (width === 4 ? 0 : 4 * label);
  });
}
