import { decodeReference } from '../delta-coder/delta-coder.reference.ts';
import type { DecodeOptions } from '../delta-coder/delta-coder.ts';
import type { IouMeasure } from './iou-measure.wgsl.ts';

export type Box = readonly [x1: number, y1: number, x2: number, y2: number];

/** Box `index` of a flat list. */
export function boxAt(values: ArrayLike<number>, index: number): Box {
  const at = index * 4;
  return [values[at] ?? 0, values[at + 1] ?? 0, values[at + 2] ?? 0, values[at + 3] ?? 0];
}

/** The loss of two boxes by its definition, in float64; `eps` as in `IouLossOptions`. */
export function lossOfBoxes(a: Box, b: Box, measure: IouMeasure, eps = 1e-6): number {
  const area = ([x1, y1, x2, y2]: Box) => (x2 - x1) * (y2 - y1);
  const side = (length: number) => Math.max(length, 0);
  const shared =
    side(Math.min(a[2], b[2]) - Math.max(a[0], b[0])) *
    side(Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  const union = area(a) + area(b) - shared;
  if (measure === 'giou') {
    const around = Math.max(
      side(Math.max(a[2], b[2]) - Math.min(a[0], b[0])) *
        side(Math.max(a[3], b[3]) - Math.min(a[1], b[1])),
      eps,
    );
    const covered = Math.max(union, eps);
    return 1 - (shared / covered - (around - covered) / around);
  }
  const iou = Math.max(shared / Math.max(union, 1e-6), eps);
  if (measure === 'log') return -Math.log(iou);
  return measure === 'linear' ? 1 - iou : 1 - iou * iou;
}

/** What predictions are decoded with; nothing for plain boxes. */
export interface DecodedBy {
  readonly anchors?: readonly number[];
  /** x, y, stride, stride of each row; the unit of the distances is the stride unless `strided` is false. */
  readonly points?: readonly number[];
  readonly strided?: boolean;
  readonly coder?: Omit<DecodeOptions, 'clipBorder'>;
}

/** The boxes [rows, 4] of predictions, in float64. */
export function boxesOf(
  pred: ArrayLike<number>,
  { anchors, points, strided = true, coder }: DecodedBy,
): readonly number[] {
  if (anchors) return decodeReference(anchors, pred, null, coder);
  if (!points) return Array.from(pred);
  return Array.from(pred, (distance, index) => {
    const point = Math.floor(index / 4) * 4;
    const axis = index % 2;
    const unit = strided ? (points[point + 2 + axis] ?? 1) : 1;
    return (points[point + axis] ?? 0) + (index % 4 < 2 ? -1 : 1) * unit * distance;
  });
}

/** A row of predictions with its goal and weight. */
export interface IouRows extends DecodedBy {
  /** [rows, 4] */
  readonly goals: readonly number[];
  /** One per row; 0: not looked at. */
  readonly weights: readonly number[];
}

/** Slow twin of `iouLoss`: Σ weight · loss, in float64; the value alone: its slope is checked by differences. */
export function iouSumReference(
  pred: ArrayLike<number>,
  { goals, weights, ...decodedBy }: IouRows,
  measure: IouMeasure,
  eps?: number,
): number {
  const boxes = boxesOf(pred, decodedBy);
  return weights.reduce((sum, weight, row) => {
    if (weight === 0) return sum;
    return sum + weight * lossOfBoxes(boxAt(boxes, row), boxAt(goals, row), measure, eps);
  }, 0);
}
