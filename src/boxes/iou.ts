/**
 * Overlap of boxes, in float32 with one rounding per operation: the order and precision of MMDetection's
 * `bbox_overlaps`, so that comparisons of IoUs for equality (low-quality matching) come out the same.
 */
const f32 = Math.fround;

/** MMDetection's eps: the smallest divisor. */
const IOU_EPS = f32(1e-6);

export type OverlapMode = 'iou' | 'iof';

function areas(boxes: Float32Array): Float32Array {
  const out = new Float32Array(boxes.length / 4);
  for (let i = 0; i < out.length; i++) {
    const at = 4 * i;
    const w = f32((boxes[at + 2] ?? 0) - (boxes[at] ?? 0));
    out[i] = w * f32((boxes[at + 3] ?? 0) - (boxes[at + 1] ?? 0));
  }
  return out;
}

/**
 * Overlap of every box of `a` [n · 4] with every box of `b` [m · 4] (xyxy). Returns [n · m], row by row.
 * `iou` divides the intersection by the union, `iof` by the area of the box of `a`; both by at least 1e-6.
 * Boxes without area overlap nothing (0).
 */
export function pairwiseOverlaps(
  a: Float32Array,
  b: Float32Array,
  mode: OverlapMode = 'iou',
): Float32Array<ArrayBuffer> {
  const n = a.length / 4;
  const m = b.length / 4;
  const areaA = areas(a);
  const areaB = areas(b);
  const out = new Float32Array(n * m);
  for (let i = 0; i < n; i++) {
    const [x1, y1, x2, y2] = [
      a[4 * i] ?? 0,
      a[4 * i + 1] ?? 0,
      a[4 * i + 2] ?? 0,
      a[4 * i + 3] ?? 0,
    ];
    for (let j = 0; j < m; j++) {
      const w = Math.max(f32(Math.min(x2, b[4 * j + 2] ?? 0) - Math.max(x1, b[4 * j] ?? 0)), 0);
      const h = Math.max(f32(Math.min(y2, b[4 * j + 3] ?? 0) - Math.max(y1, b[4 * j + 1] ?? 0)), 0);
      const overlap = f32(w * h);
      const union =
        mode === 'iof' ? (areaA[i] ?? 0) : f32(f32((areaA[i] ?? 0) + (areaB[j] ?? 0)) - overlap);
      out[i * m + j] = overlap / Math.max(union, IOU_EPS);
    }
  }
  return out;
}
