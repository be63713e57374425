import { boxIofReference, boxIouReference } from '../box-iou/box-iou.reference.ts';
import type { MaxIouAssignOptions } from './max-iou-assign.ts';

/** One image for {@link maxIouAssignReference}. */
export interface AssignImage {
  readonly anchors: Float32Array;
  readonly valid: Int32Array;
  /** Only the real ground truths, [G, 4]. */
  readonly gtBoxes: Float32Array;
  readonly gtLabels: Int32Array;
  /** Only the real ignore boxes, [I, 4]. */
  readonly gtIgnoreBoxes?: Float32Array;
}

export interface AssignedImage {
  readonly assigned: number[];
  readonly maxIou: number[];
  readonly labels: number[];
  readonly numPos: number;
}

/**
 * Slow twin of `maxIouAssign`, one image, by the steps of MMDetection's `MaxIoUAssigner.assign_wrt_overlaps`, and of
 * torchvision's `Matcher` with `lowQualityBy: 'prior'`.
 */
export function maxIouAssignReference(
  image: AssignImage,
  options: MaxIouAssignOptions,
  numClasses: number,
): AssignedImage {
  const { anchors, gtBoxes, gtLabels } = image;
  const n = anchors.length / 4;
  const g = gtLabels.length;
  const valid = withoutIgnored(image, options);
  const [negLow, negHigh] = (
    typeof options.negIouThr === 'number' ? [0, options.negIouThr] : options.negIouThr
  ).map(Math.fround);
  const posIou = Math.fround(options.posIouThr);
  const byPrior = options.lowQualityBy === 'prior';
  const minPosIou = byPrior ? 0 : Math.fround(options.minPosIou ?? 0);
  const iou = (gt: number, anchor: number): number => {
    const value = boxIouReference(gtBoxes, gt, anchors, anchor);
    return valid[anchor] === 0 || Number.isNaN(value) ? -1 : value;
  };
  const assigned: number[] = Array.from({ length: n }, () => -2);
  const maxIou: number[] = Array.from(valid, (flag) => (flag === 0 ? -1 : 0));
  const bestGt: number[] = Array.from({ length: n }, () => -1);
  for (let anchor = 0; anchor < n; anchor++) {
    if (valid[anchor] === 0) continue;
    let best = -1;
    for (let gt = 0; gt < g; gt++) {
      const value = iou(gt, anchor);
      if (value >= 0 && (best < 0 || value > (maxIou[anchor] ?? 0))) {
        best = gt;
        maxIou[anchor] = value;
      }
    }
    bestGt[anchor] = best;
    const value = maxIou[anchor] ?? 0;
    if (g === 0 || (value >= (negLow ?? 0) && value < (negHigh ?? 0))) assigned[anchor] = -1;
    if (best >= 0 && value >= posIou) assigned[anchor] = best;
  }
  if (options.matchLowQuality ?? true) {
    for (let gt = 0; gt < g; gt++) {
      const row = Array.from({ length: n }, (_, anchor) => iou(gt, anchor));
      const best = row.reduce((max, value) => Math.max(max, value), -1);
      if (best < minPosIou) continue;
      for (let anchor = 0; anchor < n; anchor++) {
        if (row[anchor] !== best) continue;
        assigned[anchor] = byPrior ? (bestGt[anchor] ?? -1) : gt;
        if (!(options.gtMaxAssignAll ?? true)) break;
      }
    }
  }
  const labels = assigned.map((gt) =>
    gt >= 0 ? (gtLabels[gt] ?? -1) : gt === -1 ? numClasses : -1,
  );
  return { assigned, maxIou, labels, numPos: assigned.filter((gt) => gt >= 0).length };
}

/** Flags of the anchors that take part: step 0 of the assigner takes away those on ignore boxes. */
function withoutIgnored(
  { anchors, valid, gtLabels, gtIgnoreBoxes = new Float32Array() }: AssignImage,
  { ignoreIofThr = -1, ignoreWrtCandidates = true }: MaxIouAssignOptions,
): Int32Array {
  // MMDetection calls everything background where there is no ground truth, before it looks at overlaps.
  if (!(ignoreIofThr > 0) || gtLabels.length === 0) return valid;
  return valid.map((flag, anchor) => {
    const boxes = Array.from({ length: gtIgnoreBoxes.length / 4 }, (_, index) => index);
    const iof = (box: number) =>
      ignoreWrtCandidates
        ? boxIofReference(anchors, anchor, gtIgnoreBoxes, box)
        : boxIofReference(gtIgnoreBoxes, box, anchors, anchor);
    return boxes.some((box) => iof(box) > Math.fround(ignoreIofThr)) ? 0 : flag;
  });
}
