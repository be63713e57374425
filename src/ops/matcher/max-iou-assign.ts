import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor1D, Tensor2D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { ignoredAnchorsKernel } from './ignored-anchors.wgsl.ts';
import {
  WORKGROUP_SIZE,
  assignKernel,
  countPositivesKernel,
  gtBestKernel,
  overlapsKernel,
} from './max-iou-assign.wgsl.ts';
import type { AnchorSpec } from './max-iou-assign.wgsl.ts';

/** `MaxIoUAssigner` of MMDetection; all thresholds are IoUs in [0, 1]. */
export interface MaxIouAssignOptions {
  /** At or above: positive. */
  readonly posIouThr: number;
  /** Below: background; or a range [low, high) that is background. Between this and `posIouThr`: ignored. */
  readonly negIouThr: number | readonly [low: number, high: number];
  /** A ground truth whose best IoU is below this gets no low-quality match. Default 0; not used by 'prior'. */
  readonly minPosIou?: number;
  /** Whether a ground truth also gets the anchors that are its best. Default true. */
  readonly matchLowQuality?: boolean;
  /** Whether all anchors with exactly the best IoU, or only the first, become low-quality matches. Default true. */
  readonly gtMaxAssignAll?: boolean;
  /**
   * Whom a low-quality match goes to: the ground truth that the anchor is the best of (MMDetection, the default), or the
   * anchor's own best ground truth, whatever its IoU (torchvision's `Matcher`).
   */
  readonly lowQualityBy?: 'gt' | 'prior';
  /** Anchors whose shared area with an ignore box is above this part are ignored; 0 or less: none. Default −1. */
  readonly ignoreIofThr?: number;
  /** Whether that part is of the anchor's area, or of the ignore box's. Default true. */
  readonly ignoreWrtCandidates?: boolean;
}

export interface MaxIouAssignInput {
  /** Anchors or proposals, xyxy in input pixels: float32 [N, 4], the same for all images, or [B, N, 4]. */
  readonly anchors: Tensor;
  /**
   * Anchors that take no part are as if they were not there. int32 [B, N], 0 for those; or [B], and those from this number
   * on do not.
   */
  readonly valid: Tensor;
  /** float32 [B, G, 4], padded to G rows. */
  readonly gtBoxes: Tensor;
  /** int32 [B, G], 0 … K − 1. */
  readonly gtLabels: Tensor;
  /** int32 [B], how many rows are real, 0 … G. */
  readonly gtCounts: Tensor;
  /** float32 [B, I, 4], padded to I rows; only looked at with `ignoreIofThr` above 0. */
  readonly gtIgnoreBoxes?: Tensor;
  /** int32 [B], how many of those rows are real; given where they are. */
  readonly gtIgnoreCounts?: Tensor;
  readonly options: MaxIouAssignOptions;
  /** K; also the label of the background. */
  readonly numClasses: number;
}

export interface MaxIouAssignment {
  /** int32 [B, N]: the matched ground truth (≥ 0), −1 background, −2 ignored or not valid. */
  readonly assigned: Tensor2D;
  /** float32 [B, N]: best IoU with any ground truth; 0 where there is none, −1 where the anchor is not valid. */
  readonly maxIou: Tensor2D;
  /** int32 [B, N]: class 0 … K − 1, K for background, −1 for no weight (ignored or not valid). */
  readonly labels: Tensor2D;
  /** int32 [B]: number of positive anchors. */
  readonly numPos: Tensor1D;
}

const OP = 'maxIouAssign';

/**
 * Assigns anchors to ground truths by IoU, exactly as MMDetection 3.x `MaxIoUAssigner` does: anchors on ignore boxes are
 * left out, then negatives, then positives with the first best ground truth, then low-quality matches, where a later
 * ground truth overwrites an earlier one and also another's positives. With `minPosIou` 0 a ground truth that touches
 * nothing takes every anchor of IoU 0 that is left to it; keep such boxes out. `lowQualityBy: 'prior'` makes it
 * torchvision's `Matcher`, whose "between thresholds" is our "ignored".
 * Four dispatches (five with ignore boxes) whatever the number of ground truths; no gradient (the result is constant)
 * and no readback.
 *
 * @throws Error when a shape, a type or a threshold does not fit
 */
export function maxIouAssign(input: MaxIouAssignInput): MaxIouAssignment {
  const { anchors, gtBoxes, gtLabels, gtCounts, options, numClasses } = input;
  const { n, batch, gtRows, spec } = checkInput(input);
  const { posIouThr, negLow, negHigh, minPosIou } = thresholds(options);
  const { matchLowQuality = true, gtMaxAssignAll: assignAll = true } = options;
  const byPrior = options.lowQualityBy === 'prior';
  const remaining = withoutIgnored(input, spec, [batch, n]);

  const overlaps = emptyTensor([batch, gtRows, n]);
  const maxIou = emptyTensor<Tensor2D>([batch, n]);
  const bestGt = emptyTensor([batch, n], 'int32');
  const gtBest = emptyTensor([batch, gtRows], 'int32');
  const assigned = emptyTensor<Tensor2D>([batch, n], 'int32');
  const labels = emptyTensor<Tensor2D>([batch, n], 'int32');
  const numPos = emptyTensor<Tensor1D>([batch], 'int32');

  const perAnchor = foldWorkgroups(batch * n, WORKGROUP_SIZE);
  const sizes = { anchorCount: n, gtRows, count: batch * n, rowSize: perAnchor.rowSize };
  runKernel(
    overlapsKernel(remaining === null ? spec : { ...spec, countedAnchors: false }),
    [anchors, remaining ?? input.valid, gtBoxes, gtCounts, overlaps, maxIou, bestGt],
    sizes,
    perAnchor.workgroups,
  );
  runKernel(
    gtBestKernel(assignAll),
    [overlaps, gtBest],
    { anchorCount: n, minPosIou: byPrior ? 0 : minPosIou },
    [batch * gtRows, 1, 1],
  );
  runKernel(
    assignKernel({ matchLowQuality, assignAll, byPrior }),
    [overlaps, maxIou, bestGt, gtBest, gtLabels, gtCounts, assigned, labels],
    { ...sizes, posIou: posIouThr, negLow, negHigh, numClasses },
    perAnchor.workgroups,
  );
  runKernel(countPositivesKernel, [assigned, numPos], { anchorCount: n }, [batch, 1, 1]);
  tf.dispose([overlaps, bestGt, gtBest, ...(remaining === null ? [] : [remaining])]);
  return { assigned, maxIou, labels, numPos };
}

function checkInput({ anchors, valid, gtBoxes, gtLabels, gtCounts }: MaxIouAssignInput) {
  requireTensor(OP, 'gtBoxes', gtBoxes, 'float32', [null, null, 4]);
  const batch = side(OP, 'gtBoxes', gtBoxes, 0);
  const gtRows = side(OP, 'gtBoxes', gtBoxes, 1);
  const sharedAnchors = anchors.shape.length === 2;
  requireTensor(OP, 'anchors', anchors, 'float32', [...(sharedAnchors ? [] : [batch]), null, 4]);
  const n = side(OP, 'anchors', anchors, sharedAnchors ? 0 : 1);
  const countedAnchors = valid.shape.length === 1;
  requireTensor(OP, 'valid', valid, 'int32', [batch, ...(countedAnchors ? [] : [n])]);
  requireTensor(OP, 'gtLabels', gtLabels, 'int32', [batch, gtRows]);
  requireTensor(OP, 'gtCounts', gtCounts, 'int32', [batch]);
  return { n, batch, gtRows, spec: { sharedAnchors, countedAnchors } };
}

function thresholds({ posIouThr, negIouThr, minPosIou = 0 }: MaxIouAssignOptions) {
  const [negLow, negHigh] = typeof negIouThr === 'number' ? [0, negIouThr] : negIouThr;
  const all = { posIouThr, minPosIou, negLow, negHigh };
  for (const [key, value] of Object.entries(all)) {
    // A negative threshold would match what takes no part, which is marked by an IoU of −1.
    if (!(value >= 0)) throw new Error(`${OP}: ${key} must be at least 0, got ${value}`);
  }
  return all;
}

/** int32 [B, N], the flags of the anchors that lie on no ignore box; null where there are none to look at. */
function withoutIgnored(
  { anchors, valid, gtCounts, gtIgnoreBoxes, gtIgnoreCounts, options }: MaxIouAssignInput,
  spec: AnchorSpec,
  [batch, n]: readonly [batch: number, n: number],
): Tensor | null {
  const { ignoreIofThr = -1, ignoreWrtCandidates = true } = options;
  if (!(ignoreIofThr > 0) || gtIgnoreBoxes === undefined) return null;
  if (gtIgnoreCounts === undefined) throw new Error(`${OP}: gtIgnoreCounts is needed, got none`);
  requireTensor(OP, 'gtIgnoreBoxes', gtIgnoreBoxes, 'float32', [batch, null, 4]);
  requireTensor(OP, 'gtIgnoreCounts', gtIgnoreCounts, 'int32', [batch]);
  const remaining = emptyTensor([batch, n], 'int32');
  const { workgroups, rowSize } = foldWorkgroups(batch * n, WORKGROUP_SIZE);
  runKernel(
    ignoredAnchorsKernel({ ...spec, wrtCandidates: ignoreWrtCandidates }),
    [anchors, valid, gtCounts, gtIgnoreBoxes, gtIgnoreCounts, remaining],
    {
      anchorCount: n,
      ignoreRows: side(OP, 'gtIgnoreBoxes', gtIgnoreBoxes, 1),
      ignoreIof: ignoreIofThr,
      count: batch * n,
      rowSize,
    },
    workgroups,
  );
  return remaining;
}
