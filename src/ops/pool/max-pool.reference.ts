/** Shape and options of one pooling, NHWC. */
export interface MaxPoolShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
}

/** Height and width of the result: floor((n + 2p − k)/s) + 1. */
export function maxPoolSize(shape: MaxPoolShape): readonly [number, number] {
  const { height, width, kernelSize, stride, padding } = shape;
  const side = (n: number): number => Math.floor((n + 2 * padding - kernelSize) / stride) + 1;
  return [side(height), side(width)];
}

/**
 * Max pooling and its gradient by the definition of PyTorch's MaxPool2d in floor mode
 * (https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html): padding is −∞, and the first maximum of a window
 * in row order takes its whole gradient.
 */
export function maxPoolReference(
  shape: MaxPoolShape,
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
): { readonly y: Float64Array; readonly dx: Float64Array } {
  const { batch, height, width, channels, kernelSize, stride, padding } = shape;
  const [outHeight, outWidth] = maxPoolSize(shape);
  const y = new Float64Array(batch * outHeight * outWidth * channels);
  const dx = new Float64Array(batch * height * width * channels);
  for (let n = 0; n < batch; n++)
    for (let oy = 0; oy < outHeight; oy++)
      for (let ox = 0; ox < outWidth; ox++)
        for (let c = 0; c < channels; c++) {
          let best = Number.NEGATIVE_INFINITY;
          let winner = -1;
          for (let ky = 0; ky < kernelSize; ky++)
            for (let kx = 0; kx < kernelSize; kx++) {
              const iy = oy * stride + ky - padding;
              const ix = ox * stride + kx - padding;
              if (iy < 0 || ix < 0 || iy >= height || ix >= width) continue;
              const at = ((n * height + iy) * width + ix) * channels + c;
              const value = x[at] ?? Number.NaN;
              if (winner < 0 || value > best) [best, winner] = [value, at];
            }
          const out = ((n * outHeight + oy) * outWidth + ox) * channels + c;
          y[out] = best;
          dx[winner] = (dx[winner] ?? 0) + (dy[out] ?? 0);
        }
  return { y, dx };
}
