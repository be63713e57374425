/** Outline of a shape given by its alpha: what an object's box is computed from, without drawing the object. */

/**
 * Points where alpha, interpolated linearly between the centres of neighbouring texels, passes `threshold`; beyond the
 * picture alpha is 0. Flat [n, 2] (x, y), texel (i, j) having its centre at (i + 0.5, j + 0.5).
 */
export function outlinePoints(
  alpha: Uint8Array,
  width: number,
  height: number,
  threshold: number,
): number[] {
  const at = (x: number, y: number): number =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : (alpha[y * width + x] ?? 0);
  const points: number[] = [];
  for (let y = -1; y < height; y++) {
    for (let x = -1; x < width; x++) {
      const here = at(x, y);
      const right = at(x + 1, y);
      const below = at(x, y + 1);
      if (here >= threshold !== right >= threshold) {
        points.push(x + 0.5 + (threshold - here) / (right - here), y + 0.5);
      }
      if (here >= threshold !== below >= threshold) {
        points.push(x + 0.5, y + 0.5 + (threshold - here) / (below - here));
      }
    }
  }
  return points;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** One side of the hull of points sorted by x, then y: the points at which the chain turns left. */
function halfHull(sorted: readonly Point[]): Point[] {
  const chain: Point[] = [];
  for (const point of sorted) {
    for (;;) {
      const a = chain.at(-2);
      const b = chain.at(-1);
      if (a === undefined || b === undefined) break;
      if ((b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x) > 0) break;
      chain.pop();
    }
    chain.push(point);
  }
  return chain.slice(0, -1);
}

/**
 * Convex hull (Andrew's monotone chain, 1979) of flat points [n, 2]; corners in order, flat [m, 2]. The extent of a shape
 * in any direction is that of its hull, so the box of a rotated shape needs only these points.
 */
export function convexHull(points: readonly number[]): Float64Array {
  const list: Point[] = [];
  for (let i = 0; i < points.length; i += 2)
    list.push({ x: points[i] ?? 0, y: points[i + 1] ?? 0 });
  list.sort((a, b) => a.x - b.x || a.y - b.y);
  const hull = [...halfHull(list), ...halfHull(list.toReversed())];
  return Float64Array.from(hull.flatMap(({ x, y }) => [x, y]));
}
