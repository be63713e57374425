import type { DecodeOptions, DeltaCoderOptions } from './delta-coder.ts';

/** Height and width of an image. */
export type HeightWidthPair = readonly [height: number, width: number];

/** Four values of row `index`. */
export function four(values: ArrayLike<number>, index: number): [number, number, number, number] {
  const at = index * 4;
  return [values[at] ?? 0, values[at + 1] ?? 0, values[at + 2] ?? 0, values[at + 3] ?? 0];
}

/** Deltas that make box `j` of `boxes` of box `i` of `anchors`, normalised, in float64. */
export function encodeReference(
  anchors: ArrayLike<number>,
  i: number,
  boxes: ArrayLike<number>,
  j: number,
  { means = [0, 0, 0, 0], stds = [1, 1, 1, 1] }: DeltaCoderOptions,
): number[] {
  const [ax1, ay1, ax2, ay2] = four(anchors, i);
  const [x1, y1, x2, y2] = four(boxes, j);
  const width = ax2 - ax1;
  const height = ay2 - ay1;
  const deltas = [
    (x1 + x2 - ax1 - ax2) / 2 / width,
    (y1 + y2 - ay1 - ay2) / 2 / height,
    Math.log((x2 - x1) / width),
    Math.log((y2 - y1) / height),
  ];
  return deltas.map((value, axis) => (value - (means[axis] ?? 0)) / (stds[axis] ?? 1));
}

/** Slow twin of `decodeDeltas` for one image, in float64; `maxShape` null does not clip. */
export function decodeReference(
  anchors: ArrayLike<number>,
  deltas: ArrayLike<number>,
  maxShape: HeightWidthPair | null,
  options: DecodeOptions = {},
): number[] {
  const { means = [0, 0, 0, 0], stds = [1, 1, 1, 1], whRatioClip = 16 / 1000 } = options;
  const { addCtrClamp = false, ctrClamp = 32, clampAboveOnly = false } = options;
  const maxRatio = Math.abs(Math.log(whRatioClip));
  const clamp = (value: number, low: number, high: number) => Math.max(Math.min(value, high), low);
  const clip = (value: number, end: number | undefined) =>
    end === undefined ? value : clamp(value, 0, end);
  return Array.from({ length: deltas.length / 4 }, (_, index) => {
    const [x1, y1, x2, y2] = four(anchors, index);
    const [dx = 0, dy = 0, dw = 0, dh = 0] = four(deltas, index).map(
      (value, axis) => value * (stds[axis] ?? 1) + (means[axis] ?? 0),
    );
    const shift = (value: number) => (addCtrClamp ? clamp(value, -ctrClamp, ctrClamp) : value);
    const size = (value: number) =>
      Math.exp(
        addCtrClamp || clampAboveOnly
          ? Math.min(value, maxRatio)
          : clamp(value, -maxRatio, maxRatio),
      );
    const centerX = (x1 + x2) / 2 + shift((x2 - x1) * dx);
    const centerY = (y1 + y2) / 2 + shift((y2 - y1) * dy);
    const halfWidth = ((x2 - x1) * size(dw)) / 2;
    const halfHeight = ((y2 - y1) * size(dh)) / 2;
    const [height, width] = maxShape ?? [];
    return [
      clip(centerX - halfWidth, width),
      clip(centerY - halfHeight, height),
      clip(centerX + halfWidth, width),
      clip(centerY + halfHeight, height),
    ];
  }).flat();
}
