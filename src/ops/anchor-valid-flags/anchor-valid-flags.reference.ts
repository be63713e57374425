import { totalAnchors } from './anchor-levels.ts';
import type { AnchorLevel, HeightWidth } from './anchor-levels.ts';

/** Slow twin of `anchorValidFlags`, for one image: 1 where the anchor's cell lies on the padded image, else 0. [N] */
export function anchorValidFlagsReference(
  levels: readonly AnchorLevel[],
  padShape: HeightWidth,
): Int32Array<ArrayBuffer> {
  const flags = new Int32Array(totalAnchors(levels));
  for (const level of levels) {
    const validHeight = Math.min(Math.ceil(padShape.height / level.strideY), level.height);
    const validWidth = Math.min(Math.ceil(padShape.width / level.strideX), level.width);
    let at = level.start;
    for (let y = 0; y < level.height; y++) {
      for (let x = 0; x < level.width; x++) {
        const valid = y < validHeight && x < validWidth ? 1 : 0;
        for (let a = 0; a < level.perCell; a++) flags[at++] = valid;
      }
    }
  }
  return flags;
}

/** Slow twin of the demand to lie inside, for one image: 1 where the anchor does, else 0. [N] */
export function anchorInsideFlagsReference(
  anchors: Float32Array,
  { height, width }: HeightWidth,
  allowedBorder: number,
): Int32Array<ArrayBuffer> {
  return Int32Array.from({ length: anchors.length / 4 }, (_, index) => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = anchors.subarray(index * 4, index * 4 + 4);
    if (allowedBorder < 0) return 1;
    const low = -allowedBorder;
    const isInside =
      x1 >= low && y1 >= low && x2 < width + allowedBorder && y2 < height + allowedBorder;
    return isInside ? 1 : 0;
  });
}
