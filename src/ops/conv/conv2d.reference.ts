import { convOutputSize } from './conv-shape.ts';
import type { ConvShape } from './conv-shape.ts';

/** The three results of a convolution's slow twin, accumulated in float64. */
export interface ConvReference {
  /** [N, OH, OW, CO] */
  readonly y: Float64Array;
  /** [N, H, W, CI] */
  readonly dx: Float64Array;
  /** [KH, KW, CI/groups, CO] */
  readonly dw: Float64Array;
}

/** Convolution and its two gradients by the definition: seven nested loops, no tricks. */
export function convReference(
  shape: ConvShape,
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  dy: ArrayLike<number>,
): ConvReference {
  const { batch, height, width, inChannels, outChannels, kernelHeight, kernelWidth } = shape;
  const { stride, paddingY, paddingX, dilation, groups } = shape;
  const [outHeight, outWidth] = convOutputSize(shape);
  const inPerGroup = inChannels / groups;
  const y = new Float64Array(batch * outHeight * outWidth * outChannels);
  const dx = new Float64Array(batch * height * width * inChannels);
  const dw = new Float64Array(kernelHeight * kernelWidth * inPerGroup * outChannels);
  for (let n = 0; n < batch; n++)
    for (let oy = 0; oy < outHeight; oy++)
      for (let ox = 0; ox < outWidth; ox++)
        for (let ky = 0; ky < kernelHeight; ky++)
          for (let kx = 0; kx < kernelWidth; kx++) {
            const iy = oy * stride + ky * dilation - paddingY;
            const ix = ox * stride + kx * dilation - paddingX;
            if (iy < 0 || ix < 0 || iy >= height || ix >= width) continue;
            for (let c = 0; c < inPerGroup; c++)
              for (let co = 0; co < outChannels; co++) {
                const ci = Math.floor(co / (outChannels / groups)) * inPerGroup + c;
                const xAt = ((n * height + iy) * width + ix) * inChannels + ci;
                const wAt = ((ky * kernelWidth + kx) * inPerGroup + c) * outChannels + co;
                const yAt = ((n * outHeight + oy) * outWidth + ox) * outChannels + co;
                y[yAt] = (y[yAt] ?? 0) + (x[xAt] ?? 0) * (w[wAt] ?? 0);
                dx[xAt] = (dx[xAt] ?? 0) + (dy[yAt] ?? 0) * (w[wAt] ?? 0);
                dw[wAt] = (dw[wAt] ?? 0) + (x[xAt] ?? 0) * (dy[yAt] ?? 0);
              }
          }
  return { y, dx, dw };
}

/** A map of a convolution of several, and the gradient of its result. */
export interface ReferenceMap {
  readonly shape: ConvShape;
  readonly x: ArrayLike<number>;
  readonly dy: ArrayLike<number>;
}

/** The same convolution, with a bias and a ReLU, of several maps: the gradients of weight and bias are sums over all maps. */
export function convOnMapsReference(
  maps: readonly ReferenceMap[],
  w: ArrayLike<number>,
  bias: ArrayLike<number> | undefined,
  relu: boolean,
): {
  readonly ys: readonly Float64Array[];
  readonly dxs: readonly Float64Array[];
  readonly dw: Float64Array;
  readonly db: Float64Array;
} {
  const dw = new Float64Array(w.length);
  const channels = maps[0]?.shape.outChannels ?? 0;
  const db = new Float64Array(channels);
  const results = maps.map(({ shape, x, dy }) => {
    const sum = convReference(shape, x, w, []).y.map((v, i) => v + (bias?.[i % channels] ?? 0));
    const passed = Float64Array.from(dy, (v, i) => (!relu || (sum[i] ?? 0) > 0 ? v : 0));
    const grads = convReference(shape, x, w, passed);
    grads.dw.forEach((v, i) => (dw[i] = (dw[i] ?? 0) + v));
    passed.forEach((v, i) => (db[i % channels] = (db[i % channels] ?? 0) + v));
    return { y: relu ? sum.map((v) => Math.max(v, 0)) : sum, dx: grads.dx };
  });
  return { ys: results.map(({ y }) => y), dxs: results.map(({ dx }) => dx), dw, db };
}
