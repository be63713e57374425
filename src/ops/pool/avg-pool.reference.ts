/** Shape and window of one average pooling, NHWC. */
export interface AvgPoolShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly kernelSize: number;
}

/**
 * Average pooling and its gradient by the definition of PyTorch's AvgPool2d with stride = kernel_size, ceil_mode and without
 * counting padding (https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html), in float64.
 */
export function avgPoolReference(
  { batch, height, width, channels, kernelSize }: AvgPoolShape,
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
): { readonly y: Float64Array; readonly dx: Float64Array } {
  const outHeight = Math.ceil(height / kernelSize);
  const outWidth = Math.ceil(width / kernelSize);
  const y = new Float64Array(batch * outHeight * outWidth * channels);
  const dx = new Float64Array(batch * height * width * channels);
  for (let n = 0; n < batch; n++)
    for (let oy = 0; oy < outHeight; oy++)
      for (let ox = 0; ox < outWidth; ox++)
        for (let c = 0; c < channels; c++) {
          const window: number[] = [];
          for (let iy = oy * kernelSize; iy < (oy + 1) * kernelSize && iy < height; iy++)
            for (let ix = ox * kernelSize; ix < (ox + 1) * kernelSize && ix < width; ix++)
              window.push(((n * height + iy) * width + ix) * channels + c);
          const out = ((n * outHeight + oy) * outWidth + ox) * channels + c;
          y[out] = window.reduce((sum, at) => sum + (x[at] ?? 0), 0) / window.length;
          for (const at of window) dx[at] = (dy[out] ?? 0) / window.length;
        }
  return { y, dx };
}
