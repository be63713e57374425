const { fround } = Math;

/** (x2 − x1) · (y2 − y1) of box `index`, in float32. */
export function boxAreaReference(boxes: Float32Array, index: number): number {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = boxes.subarray(index * 4, index * 4 + 4);
  return fround(fround(x2 - x1) * fround(y2 - y1));
}

/** Area shared by box `i` of `a` and box `j` of `b`, in float32; NaN when a coordinate is. */
export function boxIntersectionReference(
  a: Float32Array,
  i: number,
  b: Float32Array,
  j: number,
): number {
  const [ax1 = 0, ay1 = 0, ax2 = 0, ay2 = 0] = a.subarray(i * 4, i * 4 + 4);
  const [bx1 = 0, by1 = 0, bx2 = 0, by2 = 0] = b.subarray(j * 4, j * 4 + 4);
  const width = Math.max(fround(Math.min(ax2, bx2) - Math.max(ax1, bx1)), 0);
  const height = Math.max(fround(Math.min(ay2, by2) - Math.max(ay1, by1)), 0);
  return fround(width * height);
}

/** IoU in float32 with the union clamped to at least 1e-6, as MMDetection's `bbox_overlaps` computes it. */
export function boxIouReference(a: Float32Array, i: number, b: Float32Array, j: number): number {
  const overlap = boxIntersectionReference(a, i, b, j);
  const areas = fround(boxAreaReference(a, i) + boxAreaReference(b, j));
  return fround(overlap / Math.max(fround(areas - overlap), fround(1e-6)));
}

/** The shared area over that of box `i` of `a`, at least 1e-6, in float32: mode `iof` of MMDetection's `bbox_overlaps`. */
export function boxIofReference(a: Float32Array, i: number, b: Float32Array, j: number): number {
  const overlap = boxIntersectionReference(a, i, b, j);
  return fround(overlap / Math.max(boxAreaReference(a, i), fround(1e-6)));
}
