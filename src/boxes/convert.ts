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

/** Mirrors xyxy boxes left–right in an image of `width` pixels: x' = width − x. */
export function flipBoxesHorizontally(boxes: Float32Array, width: number): Boxes {
  return mapBoxes(boxes, (x1, y1, x2, y2) => [width - x2, y1, width - x1, y2]);
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
