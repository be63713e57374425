/** Shapes of one resizing, NHWC. */
export interface ResizeShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

/**
 * Bilinear resizing by PyTorch's upsample_bilinear2d without aligned corners
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html). The source coordinate is of float32, as
 * there, because its whole part decides which pixels are read; the blend is in float64.
 */
export function resizeBilinearReference(shape: ResizeShape, x: ArrayLike<number>): Float64Array {
  const { batch, height, width, channels, outHeight, outWidth } = shape;
  const y = new Float64Array(batch * outHeight * outWidth * channels);
  for (let n = 0; n < batch; n++)
    for (let oy = 0; oy < outHeight; oy++)
      for (let ox = 0; ox < outWidth; ox++)
        for (let c = 0; c < channels; c++) {
          const rows = neighbours(oy, height, outHeight);
          const columns = neighbours(ox, width, outWidth);
          let sum = 0;
          for (const [iy, wy] of rows)
            for (const [ix, wx] of columns)
              sum += wy * wx * (x[((n * height + iy) * width + ix) * channels + c] ?? 0);
          y[((n * outHeight + oy) * outWidth + ox) * channels + c] = sum;
        }
  return y;
}

type Neighbour = readonly [index: number, weight: number];

function neighbours(at: number, side: number, outSide: number): readonly [Neighbour, Neighbour] {
  const scaled = Math.fround((at + 0.5) * Math.fround(side / outSide));
  const source = Math.max(0, Math.fround(scaled - 0.5));
  const first = Math.min(Math.floor(source), side - 1);
  const fraction = source - first;
  return [
    [first, 1 - fraction],
    [Math.min(first + 1, side - 1), fraction],
  ];
}
