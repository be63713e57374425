import type { FcosTargetsOptions } from './fcos-targets.ts';
import type { PointLevel } from './point-level.ts';

/** One image's ground truths. */
export interface FcosImage {
  /** [G, 4] xyxy */
  readonly gtBoxes: ArrayLike<number>;
  readonly gtLabels: ArrayLike<number>;
  readonly batchShape: readonly [height: number, width: number];
}

/** What `fcosTargets` gives for one image. */
export interface FcosImageTargets {
  readonly labels: readonly number[];
  readonly assigned: readonly number[];
  /** [N · 4] */
  readonly distances: readonly number[];
  readonly centerness: readonly number[];
}

const { fround } = Math;

/**
 * Slow twin of `fcosTargets` for one image. What decides is rounded to float32 step by step as PyTorch does it; the
 * targets themselves are float64.
 */
export function fcosTargetsReference(
  levels: readonly PointLevel[],
  { gtBoxes, gtLabels, batchShape: [batchHeight, batchWidth] }: FcosImage,
  numClasses: number,
  { regressRanges, centerSampling, normOnBbox }: FcosTargetsOptions,
): FcosImageTargets {
  const labels: number[] = [];
  const assigned: number[] = [];
  const distances: number[] = [];
  const centerness: number[] = [];
  const boxes = Array.from({ length: gtBoxes.length / 4 }, (_, gt): Sides => {
    const at = (axis: number) => fround(gtBoxes[gt * 4 + axis] ?? Number.NaN);
    return [at(0), at(1), at(2), at(3)];
  });
  for (const [index, { height, width, stride }] of levels.entries()) {
    const [low, high] = regressRanges[index] ?? [Number.NaN, Number.NaN];
    const extent = centerSampling === null ? null : fround(stride * centerSampling);
    for (let cell = 0; cell < height * width; cell++) {
      const column = cell % width;
      const row = Math.floor(cell / width);
      const point: Point = [(column + 0.5) * stride, (row + 0.5) * stride];
      const exists = column * stride < batchWidth && row * stride < batchHeight;
      let best = -1;
      let bestArea = Number.POSITIVE_INFINITY;
      for (const [gt, box] of boxes.entries()) {
        const far = sidesFrom(point, box);
        const longest = Math.max(...far);
        const near = extent === null ? far : sidesFrom(point, middleOf(box, extent));
        if (!exists || !near.every((distance) => distance > 0)) continue;
        if (!(longest >= fround(low) && longest <= fround(high))) continue;
        const area = fround(fround(box[2] - box[0]) * fround(box[3] - box[1]));
        if (area >= bestArea) continue;
        best = gt;
        bestArea = area;
      }
      const box = boxes[best];
      assigned.push(best);
      labels.push(box === undefined ? (exists ? numClasses : -1) : (gtLabels[best] ?? -1));
      const [left, top, right, bottom] = box === undefined ? NOTHING : sidesFrom(point, box);
      distances.push(...[left, top, right, bottom].map((side) => side / (normOnBbox ? stride : 1)));
      const ratio = (a: number, b: number) => Math.min(a, b) / Math.max(a, b);
      centerness.push(box === undefined ? 0 : Math.sqrt(ratio(left, right) * ratio(top, bottom)));
    }
  }
  return { labels, assigned, distances, centerness };
}

type Point = readonly [x: number, y: number];
type Sides = readonly [left: number, top: number, right: number, bottom: number];

const NOTHING: Sides = [0, 0, 0, 0];

/** Distances from a point to the sides of a box; all above 0 inside. */
function sidesFrom([x, y]: Point, [x1, y1, x2, y2]: Sides): Sides {
  return [fround(x - x1), fround(y - y1), fround(x2 - x), fround(y2 - y)];
}

/** The square of half side `extent` around a box's centre, cut to the box. */
function middleOf([x1, y1, x2, y2]: Sides, extent: number): Sides {
  const x = fround(fround(x1 + x2) / 2);
  const y = fround(fround(y1 + y2) / 2);
  return [
    Math.max(fround(x - extent), x1),
    Math.max(fround(y - extent), y1),
    Math.min(fround(x + extent), x2),
    Math.min(fround(y + extent), y2),
  ];
}

/** The divisors of a batch, from all its images' targets. */
export function fcosSumsReference(images: readonly FcosImageTargets[]) {
  const numPos = images.map(({ assigned }) => assigned.filter((gt) => gt >= 0).length);
  const total = numPos.reduce((sum, count) => sum + count, 0);
  const sum = images.flatMap(({ centerness }) => centerness).reduce((a, b) => a + b, 0);
  return { numPos, positives: Math.max(total, 1), centernessSum: Math.max(sum, 1e-6) };
}
