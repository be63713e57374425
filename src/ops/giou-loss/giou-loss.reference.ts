import { decodeReference } from '../delta-coder/delta-coder.reference.ts';
import type { GiouLossOptions } from './giou-loss.ts';

type Box = readonly [x1: number, y1: number, x2: number, y2: number];

/** 1 − GIoU of two boxes by its definition (arXiv 1902.09630), areas at least `eps`. */
export function giouLossOfBoxes(a: Box, b: Box, eps: number): number {
  const area = ([x1, y1, x2, y2]: Box) => (x2 - x1) * (y2 - y1);
  const side = (length: number) => Math.max(length, 0);
  const shared =
    side(Math.min(a[2], b[2]) - Math.max(a[0], b[0])) *
    side(Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  const union = Math.max(area(a) + area(b) - shared, eps);
  const around = Math.max(
    side(Math.max(a[2], b[2]) - Math.min(a[0], b[0])) *
      side(Math.max(a[3], b[3]) - Math.min(a[1], b[1])),
    eps,
  );
  return 1 - (shared / union - (around - union) / around);
}

/** One image for {@link giouLossReference}. */
export interface GiouImage {
  readonly pred: ArrayLike<number>;
  readonly anchors: readonly number[];
  readonly gtBoxes: readonly number[];
  readonly assigned: readonly number[];
}

/** Slow twin of `giouLoss` for one image, in float64; the value alone: its slope is checked by differences. */
export function giouLossReference(
  { pred, anchors, gtBoxes, assigned }: GiouImage,
  avgFactor: number,
  options: GiouLossOptions = {},
): number {
  const { lossWeight = 1, eps = 1e-6 } = options;
  const decoded = decodeReference(anchors, pred, null, options);
  const box = (values: readonly number[], index: number): Box => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = values.slice(index * 4, index * 4 + 4);
    return [x1, y1, x2, y2];
  };
  const sum = assigned.reduce(
    (total, gt, index) =>
      gt < 0 ? total : total + giouLossOfBoxes(box(decoded, index), box(gtBoxes, gt), eps),
    0,
  );
  return (sum / (avgFactor + 1.1920929e-7)) * lossWeight;
}
