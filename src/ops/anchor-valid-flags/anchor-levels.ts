/** Size of a feature map or of an image, in its own pixels. */
export interface HeightWidth {
  readonly height: number;
  readonly width: number;
}

/**
 * One level of an anchor grid. The anchor of cell (y, x) with base anchor a is number
 * `start + (y · width + x) · perCell + a` of all anchors.
 */
export interface AnchorLevel extends HeightWidth {
  /** Number of the level's first anchor. */
  readonly start: number;
  /** Base anchors at each cell. */
  readonly perCell: number;
  /** Distance of neighbouring cells in input pixels. */
  readonly strideX: number;
  readonly strideY: number;
}

/** Number of anchors of one level. */
export function levelSize({ height, width, perCell }: AnchorLevel): number {
  return height * width * perCell;
}

/** Number of anchors of all levels; throws when the levels do not follow each other without a gap. */
export function totalAnchors(levels: readonly AnchorLevel[]): number {
  let total = 0;
  for (const [index, level] of levels.entries()) {
    if (level.start !== total) {
      throw new Error(`totalAnchors: level ${index} starts at ${level.start}, expected ${total}`);
    }
    total += levelSize(level);
  }
  return total;
}
