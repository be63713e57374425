import { boxAt, iouSumReference } from '../iou-loss/iou-loss.reference.ts';
import type { GiouLossOptions } from './giou-loss.ts';

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
  { lossWeight = 1, eps, ...coder }: GiouLossOptions = {},
): number {
  const goals = assigned.flatMap((gt) => boxAt(gtBoxes, Math.max(gt, 0)));
  const weights = assigned.map((gt) => (gt < 0 ? 0 : 1));
  const sum = iouSumReference(pred, { anchors, coder, goals, weights }, 'giou', eps);
  return (sum / (avgFactor + 1.1920929e-7)) * lossWeight;
}
