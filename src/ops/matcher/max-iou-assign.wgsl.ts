import type { Kernel } from '../../tensor/kernel.ts';
import { BOX_INTERSECTION, BOX_IOU, IS_NAN } from '../box-iou/iou.wgsl.ts';

export const WORKGROUP_SIZE = 64;
/** Invocations that share the anchors of one ground truth, or the count of one image. */
const REDUCE_SIZE = 64;

/** How the anchors of {@link overlapsKernel} are bound. */
export interface AnchorSpec {
  /** Anchors are [N] for all images, or [B, N]. */
  readonly sharedAnchors: boolean;
  /** `valid` is [B], the number of anchors that take part, or [B, N] flags. */
  readonly countedAnchors: boolean;
}

/** `takesPart(image, anchor, index)` by the bound `valid`; see {@link AnchorSpec}. */
export function takesPart({ countedAnchors }: AnchorSpec): string {
  return /* wgsl */ `
fn takesPart(image: u32, anchor: u32, index: u32) -> bool {
  return ${countedAnchors ? 'i32(anchor) < valid[image]' : 'valid[index] != 0'};
}`;
}

/**
 * IoU of every ground truth with every anchor, and each anchor's best (MaxIoUAssigner of MMDetection, steps 1–3).
 * Low-quality matching compares IoUs for equality, so they are computed here once and stored.
 * Buffers: anchors xyxy [N] or [B, N], valid i32 [B, N] or [B], gtBoxes xyxy [B, G], gtCounts i32 [B] → overlaps f32
 * [B, G, N], maxIou f32 [B, N], bestGt i32 [B, N].
 * One invocation per image and anchor; it walks all G rows, so neighbours write neighbouring words. One pass.
 * Ties: the first ground truth wins. −1 stands for "takes no part": rows past the count, anchors that are not valid, and
 * pairs whose IoU is NaN. maxIou of a valid anchor is at least 0 (an image without ground truths gives 0).
 */
export function overlapsKernel(spec: AnchorSpec): Kernel {
  return {
    name: 'match_overlaps',
    buffers: [
      { name: 'anchors', type: 'vec4<f32>', access: 'read' },
      { name: 'valid', type: 'i32', access: 'read' },
      { name: 'gtBoxes', type: 'vec4<f32>', access: 'read' },
      { name: 'gtCounts', type: 'i32', access: 'read' },
      { name: 'overlaps', type: 'f32', access: 'write' },
      { name: 'maxIou', type: 'f32', access: 'write' },
      { name: 'bestGt', type: 'i32', access: 'write' },
    ],
    params: [
      { name: 'anchorCount', type: 'u32' },
      { name: 'gtRows', type: 'u32' },
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
    ],
    body: /* wgsl */ `${IS_NAN}${BOX_INTERSECTION}${BOX_IOU}${takesPart(spec)}
const SHARED_ANCHORS = ${spec.sharedAnchors};
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let image = index / params.anchorCount;
  let anchor = index % params.anchorCount;
  let box = anchors[select(index, anchor, SHARED_ANCHORS)];
  let isValid = takesPart(image, anchor, index);
  let gtCount = u32(max(gtCounts[image], 0));
  var best = select(-1.0, 0.0, isValid);
  var bestAt = -1;
  for (var gt = 0u; gt < params.gtRows; gt++) {
    var overlap = -1.0;
    let row = image * params.gtRows + gt;
    if (isValid && gt < gtCount) {
      let iou = boxIou(gtBoxes[row], box);
      overlap = select(iou, -1.0, isNan(iou) || anyNan(gtBoxes[row]) || anyNan(box));
      if (overlap > best || (bestAt < 0 && overlap == best)) {
        best = overlap;
        bestAt = i32(gt);
      }
    }
    overlaps[row * params.anchorCount + anchor] = overlap;
  }
  maxIou[index] = best;
  bestGt[index] = bestAt;
}`,
  };
}

/**
 * Each ground truth's best IoU over the anchors (MaxIoUAssigner, first half of step 4).
 * Buffers: overlaps f32 [B, G, N] → gtBest i32 [B, G]: with `assignAll` the bits of the best IoU, else the index of the
 * first anchor that has it; bits of −2 or −1 where the best is below minPosIou, so that nothing is equal to it.
 * One workgroup per image and ground truth: strided maxima, then a tree in workgroup memory. One pass.
 * Ties: the lowest anchor. The maximum does not depend on the order, so the result is deterministic.
 */
export function gtBestKernel(assignAll: boolean): Kernel {
  return {
    name: 'match_gt_best',
    buffers: [
      { name: 'overlaps', type: 'f32', access: 'read' },
      { name: 'gtBest', type: 'i32', access: 'write' },
    ],
    params: [
      { name: 'anchorCount', type: 'u32' },
      { name: 'minPosIou', type: 'f32' },
    ],
    body: /* wgsl */ `
const ASSIGN_ALL = ${assignAll};
var<workgroup> best: array<f32, ${REDUCE_SIZE}>;
var<workgroup> bestAt: array<u32, ${REDUCE_SIZE}>;

@compute @workgroup_size(${REDUCE_SIZE}, 1, 1)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  var value = -1.0;
  var at = 0u;
  let row = group.x * params.anchorCount;
  for (var anchor = lane; anchor < params.anchorCount; anchor += ${REDUCE_SIZE}u) {
    let overlap = overlaps[row + anchor];
    if (overlap > value) {
      value = overlap;
      at = anchor;
    }
  }
  best[lane] = value;
  bestAt[lane] = at;
  for (var half = ${REDUCE_SIZE / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      let other = best[lane + half];
      let otherAt = bestAt[lane + half];
      if (other > best[lane] || (other == best[lane] && otherAt < bestAt[lane])) {
        best[lane] = other;
        bestAt[lane] = otherAt;
      }
    }
  }
  if (lane == 0u) {
    let matches = best[0] >= params.minPosIou;
    if (ASSIGN_ALL) {
      gtBest[group.x] = select(bitcast<i32>(-2.0), bitcast<i32>(best[0]), matches);
    } else {
      gtBest[group.x] = select(-1, i32(bestAt[0]), matches);
    }
  }
}`,
  };
}

/** What may change the text of {@link assignKernel}. */
export interface AssignSpec {
  readonly matchLowQuality: boolean;
  readonly assignAll: boolean;
  /** Whether a low-quality match gives the anchor to its own best ground truth instead of the one it is the best of. */
  readonly byPrior: boolean;
}

/**
 * Thresholds, low-quality matching and labels (MaxIoUAssigner, steps 2–5).
 * Buffers: overlaps f32 [B, G, N], maxIou f32 [B, N], bestGt i32 [B, N], gtBest i32 [B, G] (see {@link gtBestKernel}),
 * gtLabels i32 [B, G], gtCounts i32 [B] → assigned i32 [B, N], labels i32 [B, N].
 * One invocation per image and anchor. One pass.
 * Order matters: negatives, positives, then low quality, where a later ground truth overwrites an earlier one; or, with
 * `byPrior`, the anchor gets its own best (torchvision `Matcher.set_low_quality_matches_`).
 */
export function assignKernel({ matchLowQuality, assignAll, byPrior }: AssignSpec): Kernel {
  return {
    name: 'match_assign',
    buffers: [
      { name: 'overlaps', type: 'f32', access: 'read' },
      { name: 'maxIou', type: 'f32', access: 'read' },
      { name: 'bestGt', type: 'i32', access: 'read' },
      { name: 'gtBest', type: 'i32', access: 'read' },
      { name: 'gtLabels', type: 'i32', access: 'read' },
      { name: 'gtCounts', type: 'i32', access: 'read' },
      { name: 'assigned', type: 'i32', access: 'write' },
      { name: 'labels', type: 'i32', access: 'write' },
    ],
    params: [
      { name: 'anchorCount', type: 'u32' },
      { name: 'gtRows', type: 'u32' },
      { name: 'posIou', type: 'f32' },
      { name: 'negLow', type: 'f32' },
      { name: 'negHigh', type: 'f32' },
      { name: 'numClasses', type: 'i32' },
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
    ],
    body: /* wgsl */ `
const MATCH_LOW_QUALITY = ${matchLowQuality};
const ASSIGN_ALL = ${assignAll};
const BY_PRIOR = ${byPrior};
const BACKGROUND = -1;
const IGNORED = -2;

@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let image = index / params.anchorCount;
  let anchor = index % params.anchorCount;
  let firstRow = image * params.gtRows;
  let gtCount = min(u32(max(gtCounts[image], 0)), params.gtRows);
  let iou = maxIou[index];
  var result = IGNORED;
  if (iou >= params.negLow && iou < params.negHigh) { result = BACKGROUND; }
  if (gtCount == 0u && iou >= 0.0) { result = BACKGROUND; }
  if (iou >= params.posIou && bestGt[index] >= 0) { result = bestGt[index]; }
  if (MATCH_LOW_QUALITY && iou >= 0.0) {
    for (var gt = 0u; gt < gtCount; gt++) {
      let row = firstRow + gt;
      var matches = false;
      if (ASSIGN_ALL) {
        matches = overlaps[row * params.anchorCount + anchor] == bitcast<f32>(gtBest[row]);
      } else {
        matches = gtBest[row] == i32(anchor);
      }
      result = select(result, select(i32(gt), bestGt[index], BY_PRIOR), matches);
    }
  }
  assigned[index] = result;
  if (result >= 0) {
    labels[index] = gtLabels[firstRow + u32(result)];
  } else {
    labels[index] = select(-1, params.numClasses, result == BACKGROUND);
  }
}`,
  };
}

/**
 * Number of positive anchors per image. Buffers: assigned i32 [B, N] → numPos i32 [B].
 * One workgroup per image: strided counts, then a tree in workgroup memory. One pass; integers, so exact.
 */
export const countPositivesKernel: Kernel = {
  name: 'match_count_positives',
  buffers: [
    { name: 'assigned', type: 'i32', access: 'read' },
    { name: 'numPos', type: 'i32', access: 'write' },
  ],
  params: [{ name: 'anchorCount', type: 'u32' }],
  body: /* wgsl */ `
var<workgroup> partial: array<i32, ${REDUCE_SIZE}>;

@compute @workgroup_size(${REDUCE_SIZE}, 1, 1)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  var positives = 0;
  for (var anchor = lane; anchor < params.anchorCount; anchor += ${REDUCE_SIZE}u) {
    positives += select(0, 1, assigned[group.x * params.anchorCount + anchor] >= 0);
  }
  partial[lane] = positives;
  for (var half = ${REDUCE_SIZE / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { partial[lane] += partial[lane + half]; }
  }
  if (lane == 0u) { numPos[group.x] = partial[0]; }
}`,
};
