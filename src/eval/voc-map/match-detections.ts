/** Detections or ground truths of one image and class. */
export interface ClassDetections {
  /** [n, 4] xyxy */
  readonly boxes: ArrayLike<number>;
  /** [n] */
  readonly scores: ArrayLike<number>;
}

export interface ClassGroundTruth {
  /** [m, 4] xyxy */
  readonly boxes: ArrayLike<number>;
  /** [m] not 0: difficult or crowd, neither found nor missed */
  readonly ignored: ArrayLike<number>;
}

export const MATCH_FALSE = 0;
export const MATCH_TRUE = 1;
/** Fell on an ignored ground truth: counts neither way. */
const MATCH_IGNORED = 2;

/** Indices of scores, best first; equal scores keep their order, NaN comes last. */
export function byDescendingScore(scores: ArrayLike<number>): Uint32Array {
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i);
  const value = (i: number): number => {
    const score = scores[i] ?? NaN;
    return Number.isNaN(score) ? -Infinity : score;
  };
  return order.sort((a, b) => Math.sign(value(b) - value(a)) || a - b);
}

/**
 * Decides for each detection, best first, whether it finds a ground truth (MMDetection's `tpfp_default`). Only the ground
 * truth with the largest IoU is looked at, ignored ones included (the first of equals, those not ignored first): from
 * `iouThr` on it is found, unless a better detection found it already; then the detection is false.
 * Returns [n] of MATCH_*, in the order of the detections. `pixel` is added to widths and heights (VOC's legacy: 1, else 0).
 */
export function matchDetections(
  detections: ClassDetections,
  groundTruth: ClassGroundTruth,
  iouThr: number,
  pixel: 0 | 1,
): Uint8Array {
  const found = new Uint8Array(groundTruth.ignored.length);
  const matches = new Uint8Array(detections.scores.length);
  for (const i of byDescendingScore(detections.scores)) {
    const best = bestGroundTruth(detections.boxes, i, groundTruth, pixel);
    if (best === undefined || !(best.iou >= iouThr)) matches[i] = MATCH_FALSE;
    else if (groundTruth.ignored[best.index]) matches[i] = MATCH_IGNORED;
    else {
      matches[i] = found[best.index] ? MATCH_FALSE : MATCH_TRUE;
      found[best.index] = 1;
    }
  }
  return matches;
}

function bestGroundTruth(
  boxes: ArrayLike<number>,
  i: number,
  { boxes: gtBoxes, ignored }: ClassGroundTruth,
  pixel: 0 | 1,
): { index: number; iou: number } | undefined {
  let best: { index: number; iou: number } | undefined;
  // MMDetection stacks the ignored ground truths below the others; argmax takes the first of equals.
  for (const wanted of [false, true]) {
    for (let j = 0; j < ignored.length; j++) {
      if (Boolean(ignored[j]) !== wanted) continue;
      const iou = legacyIou(boxes, i, gtBoxes, j, pixel);
      if (best === undefined || iou > best.iou) best = { index: j, iou };
    }
  }
  return best;
}

const f = Math.fround;
const EPS = f(1e-6);

/**
 * IoU of box `i` of `a` and box `j` of `b` ([·, 4] xyxy), 0 … 1. Rounded to float32 after each step as MMDetection's
 * evaluation does, because a value at the threshold decides. `pixel` is added to each side.
 */
export function legacyIou(
  a: ArrayLike<number>,
  i: number,
  b: ArrayLike<number>,
  j: number,
  pixel: 0 | 1,
): number {
  const [ax1, ay1, ax2, ay2] = corners(a, i);
  const [bx1, by1, bx2, by2] = corners(b, j);
  const width = f(f(Math.min(ax2, bx2) - Math.max(ax1, bx1)) + pixel);
  const height = f(f(Math.min(ay2, by2) - Math.max(ay1, by1)) + pixel);
  const overlap = f(Math.max(width, 0) * Math.max(height, 0));
  const areaA = f(f(f(ax2 - ax1) + pixel) * f(f(ay2 - ay1) + pixel));
  const areaB = f(f(f(bx2 - bx1) + pixel) * f(f(by2 - by1) + pixel));
  const union = Math.max(f(f(areaA + areaB) - overlap), EPS);
  return f(overlap / union);
}

function corners(boxes: ArrayLike<number>, i: number): [number, number, number, number] {
  const at = (k: number): number => f(boxes[4 * i + k] ?? NaN);
  return [at(0), at(1), at(2), at(3)];
}
