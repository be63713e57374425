import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor4D } from '../../tensor/tf.ts';
import { resizeBilinearKernel } from './resize-bilinear.wgsl.ts';

/**
 * Bilinear resizing, PyTorch's interpolate(mode='bilinear', align_corners=False, antialias=False). Not differentiable: it is
 * for images and pictures of feature maps.
 *
 * @param x float32 [N, h, w, C]
 * @param size [H, W] of the result, pixels; either side may grow or shrink
 * @returns float32 [N, H, W, C]
 * @throws Error when a side of either is 0
 */
export function resizeBilinear(x: Tensor4D, size: readonly [number, number]): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const [outHeight, outWidth] = size;
  if (height < 1 || width < 1 || outHeight < 1 || outWidth < 1) {
    throw new Error(`resizeBilinear: [${x.shape}] cannot become ${outHeight} × ${outWidth}`);
  }
  const y = emptyTensor<Tensor4D>([batch, outHeight, outWidth, channels]);
  const { workgroups, rowSize } = foldWorkgroups(y.size, 64);
  runKernel(
    resizeBilinearKernel,
    [x, y],
    {
      count: y.size,
      rowSize,
      height,
      width,
      channels,
      outHeight,
      outWidth,
      scaleY: height / outHeight,
      scaleX: width / outWidth,
    },
    workgroups,
  );
  return y;
}
