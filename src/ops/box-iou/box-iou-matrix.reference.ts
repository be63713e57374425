import {
  boxAreaReference,
  boxIntersectionReference,
  boxIofReference,
  boxIouReference,
} from './box-iou.reference.ts';
import type { OverlapMode } from './box-iou.wgsl.ts';

const { fround } = Math;

const OVERLAPS = { iou: boxIouReference, iof: boxIofReference, giou: boxGiouReference };

/** Slow twin of `boxIou`, in float32: row by row, every divisor at least 1e-6, NaN for a NaN box. */
export function boxIouMatrixReference(
  a: Float32Array,
  b: Float32Array,
  mode: OverlapMode,
): Float32Array<ArrayBuffer> {
  const [rows, columns] = [a.length / 4, b.length / 4];
  const out = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out[i * columns + j] = OVERLAPS[mode](a, i, b, j);
  }
  return out;
}

/** GIoU in float32 (arXiv 1902.09630), union and enclosing area at least 1e-6. */
function boxGiouReference(a: Float32Array, i: number, b: Float32Array, j: number): number {
  const [ax1 = 0, ay1 = 0, ax2 = 0, ay2 = 0] = a.subarray(i * 4, i * 4 + 4);
  const [bx1 = 0, by1 = 0, bx2 = 0, by2 = 0] = b.subarray(j * 4, j * 4 + 4);
  const eps = fround(1e-6);
  const areas = fround(boxAreaReference(a, i) + boxAreaReference(b, j));
  const union = Math.max(fround(areas - boxIntersectionReference(a, i, b, j)), eps);
  const width = Math.max(fround(Math.max(ax2, bx2) - Math.min(ax1, bx1)), 0);
  const height = Math.max(fround(Math.max(ay2, by2) - Math.min(ay1, by1)), 0);
  const around = Math.max(fround(width * height), eps);
  return fround(boxIouReference(a, i, b, j) - fround(fround(around - union) / around));
}
