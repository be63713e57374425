/** Changes of box format and frame on flat arrays [n · 4]; every function returns a new array and leaves its argument. */

type Boxes = Float32Array<ArrayBuffer>;

function mapBoxes(
  boxes: Float32Array,
  change: (a: number, b: number, c: number, d: number) => readonly [number, number, number, number],
): Boxes {
  if (boxes.length % 4 !== 0)
    throw new RangeError(`boxes: length ${boxes.length} is no multiple of 4`);
  const out = new Float32Array(boxes.length);
  for (let i = 0; i < boxes.length; i += 4) {
    out.set(change(boxes[i] ?? 0, boxes[i + 1] ?? 0, boxes[i + 2] ?? 0, boxes[i + 3] ?? 0), i);
  }
  return out;
}

/** COCO's x, y, width, height → x1, y1, x2, y2. */
export function xywhToXyxy(boxes: Float32Array): Boxes {
  return mapBoxes(boxes, (x, y, w, h) => [x, y, x + w, y + h]);
}

/** x1, y1, x2, y2 → COCO's x, y, width, height. */
export function xyxyToXywh(boxes: Float32Array): Boxes {
  return mapBoxes(boxes, (x1, y1, x2, y2) => [x1, y1, x2 - x1, y2 - y1]);
}

/** x1, y1, x2, y2 → centre x, centre y, width, height. */
export function xyxyToCxcywh(boxes: Float32Array): Boxes {
  return mapBoxes(boxes, (x1, y1, x2, y2) => [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1]);
}

/** centre x, centre y, width, height → x1, y1, x2, y2. */
export function cxcywhToXyxy(boxes: Float32Array): Boxes {
  return mapBoxes(boxes, (cx, cy, w, h) => [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]);
}

/** Limits xyxy boxes to [0, width] × [0, height], both ends inclusive, as MMDetection clips after a resize. */
export function clipBoxes(boxes: Float32Array, width: number, height: number): Boxes {
  const x = (v: number): number => Math.min(Math.max(v, 0), width);
  const y = (v: number): number => Math.min(Math.max(v, 0), height);
  return mapBoxes(boxes, (x1, y1, x2, y2) => [x(x1), y(y1), x(x2), y(y2)]);
}

/** Multiplies x by `scaleX` and y by `scaleY` (xyxy or xywh). The factors are rounded to float32 first, as numpy does. */
export function scaleBoxes(boxes: Float32Array, scaleX: number, scaleY: number): Boxes {
  const [sx, sy] = [Math.fround(scaleX), Math.fround(scaleY)];
  return mapBoxes(boxes, (a, b, c, d) => [a * sx, b * sy, c * sx, d * sy]);
}

/** Moves xyxy boxes by (dx, dy) pixels. */
export function translateBoxes(boxes: Float32Array, dx: number, dy: number): Boxes {
  const [x, y] = [Math.fround(dx), Math.fround(dy)];
  return mapBoxes(boxes, (x1, y1, x2, y2) => [x1 + x, y1 + y, x2 + x, y2 + y]);
}

/**
 * Mirrors xyxy boxes in an image of `width` × `height` pixels: x' = width − x (horizontal), y' = height − y (vertical), or
 * both (diagonal).
 */
export function flipBoxes(
  boxes: Float32Array,
  width: number,
  height: number,
  direction: 'horizontal' | 'vertical' | 'diagonal',
): Boxes {
  return mapBoxes(boxes, (x1, y1, x2, y2) => {
    const [left, right] = direction === 'vertical' ? [x1, x2] : [width - x2, width - x1];
    const [top, bottom] = direction === 'horizontal' ? [y1, y2] : [height - y2, height - y1];
    return [left, top, right, bottom];
  });
}

/**
 * The boxes around the four corners of xyxy boxes after a projection: `matrix` [9] is 3 × 3, row by row, float32; one
 * rounding per operation, as MMDetection's HorizontalBoxes.project_ computes.
 */
export function projectBoxes(boxes: Float32Array, matrix: readonly number[]): Boxes {
  const f32 = Math.fround;
  const row = (i: number, x: number, y: number): number =>
    f32(f32(f32((matrix[i] ?? 0) * x) + f32((matrix[i + 1] ?? 0) * y)) + (matrix[i + 2] ?? 0));
  return mapBoxes(boxes, (x1, y1, x2, y2) => {
    const corners = [
      [x1, y1],
      [x2, y1],
      [x1, y2],
      [x2, y2],
    ].map(([x = 0, y = 0]) => {
      const w = row(6, x, y);
      return [f32(row(0, x, y) / w), f32(row(3, x, y) / w)];
    });
    const [xs, ys] = [corners.map(([x = 0]) => x), corners.map(([, y = 0]) => y)];
    return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  });
}

/**
 * Turns xyxy boxes of a stored image into the frame in which it is shown, by EXIF orientation 1 … 8
 * (2 mirrored, 3 half turn, 4 upside down, 5 transposed, 6 quarter turn clockwise, 7 transverse, 8 counter-clockwise).
 * `width` and `height` are those of the stored image.
 */
export function orientBoxes(
  boxes: Float32Array,
  orientation: number,
  width: number,
  height: number,
): Boxes {
  return mapBoxes(boxes, (x1, y1, x2, y2) => {
    switch (orientation) {
      case 2:
        return [width - x2, y1, width - x1, y2];
      case 3:
        return [width - x2, height - y2, width - x1, height - y1];
      case 4:
        return [x1, height - y2, x2, height - y1];
      case 5:
        return [y1, x1, y2, x2];
      case 6:
        return [height - y2, x1, height - y1, x2];
      case 7:
        return [height - y2, width - x2, height - y1, width - x1];
      case 8:
        return [y1, width - x2, y2, width - x1];
      default:
        return [x1, y1, x2, y2];
    }
  });
}
