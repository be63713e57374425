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
