import type { ImageInfo } from '../../worker/protocol.ts';
import { classColor } from './class-colors.ts';

/** Solid: ground truth. Dashed: prediction. Dotted: ignored or unusable ground truth. */
export type BoxStyle = 'truth' | 'prediction' | 'ignored';

/** A box as it is drawn, in original image pixels. */
export interface DrawnBox {
  /** Position in its list, for hits and highlights. */
  readonly id: number;
  readonly box: readonly [x1: number, y1: number, x2: number, y2: number];
  readonly color: string;
  readonly style: BoxStyle;
  readonly label?: string;
}

/** The ground truth of an image as drawn boxes; `only` leaves one class. */
export function truthBoxes(
  image: ImageInfo,
  classes: readonly { readonly name: string }[],
  only: number | null = null,
): DrawnBox[] {
  return Array.from(image.labels, (label, id): DrawnBox => {
    const name = classes[label]?.name;
    return {
      id,
      box: boxAt(image.boxes, id),
      color: classColor(label),
      style: (image.flags[id] ?? 0) === 0 ? 'truth' : 'ignored',
      ...(name === undefined ? {} : { label: name }),
    };
  }).filter(({ id }) => only === null || image.labels[id] === only);
}

/** Box `i` of a flat [n, 4] array. */
export function boxAt(boxes: Float32Array, i: number): DrawnBox['box'] {
  return [
    boxes[i * 4] ?? NaN,
    boxes[i * 4 + 1] ?? NaN,
    boxes[i * 4 + 2] ?? NaN,
    boxes[i * 4 + 3] ?? NaN,
  ];
}

/** The smallest drawn box around a point of the image (so that a box inside a box can be reached), or null. */
export function hitBox(
  boxes: readonly DrawnBox[],
  x: number,
  y: number,
  slack: number,
): DrawnBox | null {
  let best: DrawnBox | null = null;
  let bestArea = Infinity;
  for (const drawn of boxes) {
    const [x1, y1, x2, y2] = drawn.box;
    if (!(x >= x1 - slack && x <= x2 + slack && y >= y1 - slack && y <= y2 + slack)) continue;
    const area = (x2 - x1) * (y2 - y1);
    if (area < bestArea) {
      best = drawn;
      bestArea = area;
    }
  }
  return best;
}
