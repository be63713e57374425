/** A size and how it came about from the old one. */
export interface Rescaled {
  readonly width: number;
  readonly height: number;
  /** [new width ÷ old width, new height ÷ old height], double precision. */
  readonly scaleFactor: readonly [number, number];
}

function checkSize(width: number, height: number): void {
  if (!(width >= 1 && height >= 1))
    throw new RangeError(
      `rescaleSize: expected a size of at least 1 × 1, got ${width} × ${height}`,
    );
}

/**
 * MMDetection's Resize, sizes only (mmcv `rescale_size`). `scale` is in pixels; with `keepRatio` its larger number
 * bounds the long side and its smaller one the short side, in whichever order they come, each side being
 * int(side · factor + 0.5); without, it is the new [width, height]. A side is never 0: slivers end at 1 pixel.
 */
export function rescaleSize(
  width: number,
  height: number,
  scale: readonly [number, number],
  keepRatio: boolean,
): Rescaled {
  checkSize(width, height);
  const [a, b] = scale;
  const factor = Math.min(
    Math.max(a, b) / Math.max(width, height),
    Math.min(a, b) / Math.min(width, height),
  );
  const newWidth = Math.max(1, keepRatio ? Math.trunc(width * factor + 0.5) : a);
  const newHeight = Math.max(1, keepRatio ? Math.trunc(height * factor + 0.5) : b);
  return {
    width: newWidth,
    height: newHeight,
    scaleFactor: [newWidth / width, newHeight / height],
  };
}
