/** Shapes of one top-down step, NHWC. */
export interface UpsampleAddShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly smallHeight: number;
  readonly smallWidth: number;
}

/** Which pixel of a side of `small` the pixel `at` of a side of `large` copies: floor(at·small/large). */
export function nearestSource(at: number, small: number, large: number): number {
  return Math.floor((at * small) / large);
}

/**
 * FPN's top-down addition (Lin et al., 2017, §3, https://arxiv.org/abs/1612.03144): y = lateral + nearest(small), and the
 * gradient with respect to `small`; that of `lateral` is dy itself.
 */
export function upsampleAddReference(
  shape: UpsampleAddShape,
  lateral: ArrayLike<number>,
  small: ArrayLike<number>,
  dy: ArrayLike<number>,
): { readonly y: Float64Array; readonly dSmall: Float64Array } {
  const { batch, height, width, channels, smallHeight, smallWidth } = shape;
  const y = Float64Array.from(lateral);
  const dSmall = new Float64Array(batch * smallHeight * smallWidth * channels);
  for (let n = 0; n < batch; n++)
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++)
        for (let c = 0; c < channels; c++) {
          const at = ((n * height + row) * width + column) * channels + c;
          const sy = nearestSource(row, smallHeight, height);
          const sx = nearestSource(column, smallWidth, width);
          const from = ((n * smallHeight + sy) * smallWidth + sx) * channels + c;
          y[at] = (y[at] ?? 0) + (small[from] ?? 0);
          dSmall[from] = (dSmall[from] ?? 0) + (dy[at] ?? 0);
        }
  return { y, dSmall };
}
