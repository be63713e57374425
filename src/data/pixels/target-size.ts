import { rescaleSize } from './rescale-size.ts';
import type { Rescaled } from './rescale-size.ts';

/** What a resize is to do; the size follows from the image. Plain data, as it travels to decode workers. */
export type ResizeSpec =
  | {
      /** [width, height] in pixels, with `keepRatio` a frame in either order. */
      readonly scale: readonly [number, number];
      readonly keepRatio: boolean;
    }
  | {
      /** New ÷ old size, [x, y]. */
      readonly factor: readonly [number, number];
      readonly keepRatio: boolean;
    }
  | {
      /** Length of the shorter side. */
      readonly shortEdge: number;
      /** Upper bound of the longer side, or null. */
      readonly maxSize: number | null;
      readonly keepRatio: boolean;
    };

function wholeSide(value: number): number {
  return Math.max(1, Math.trunc(value + 0.5));
}

/** ResizeShortestEdge's frame for an image. */
function shortestEdgeScale(
  width: number,
  height: number,
  shortEdge: number,
  maxSize: number | null,
): [number, number] {
  const ratio = shortEdge / Math.min(width, height);
  let [newWidth, newHeight] =
    height < width ? [ratio * width, shortEdge] : [shortEdge, ratio * height];
  const long = Math.max(newWidth, newHeight);
  if (maxSize !== null && long > maxSize) {
    newWidth *= maxSize / long;
    newHeight *= maxSize / long;
  }
  return [wholeSide(newWidth), wholeSide(newHeight)];
}

/** The size that an image of `width` × `height` gets (mmcv's Resize; ResizeShortestEdge for a short edge). */
export function targetSize(width: number, height: number, spec: ResizeSpec): Rescaled {
  const scale: readonly [number, number] =
    'scale' in spec
      ? spec.scale
      : 'factor' in spec
        ? [wholeSide(width * spec.factor[0]), wholeSide(height * spec.factor[1])]
        : shortestEdgeScale(width, height, spec.shortEdge, spec.maxSize);
  return rescaleSize(width, height, scale, spec.keepRatio);
}
