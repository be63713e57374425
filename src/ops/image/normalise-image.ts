import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor, Tensor4D } from '../../tensor/tf.ts';
import { normaliseImageKernel } from './normalise-image.wgsl.ts';

/** MMDetection's data_preprocessor numbers, in the order of the model's input channels. */
export interface ImageNormalisation {
  /** Subtracted per channel, in 0 … 255. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** True: the model reads RGB (bgr_to_rgb: true). False: it reads BGR, as caffe-style weights do. */
  readonly rgb: boolean;
}

/**
 * Normalises a batch of byte images on the GPU.
 *
 * @param bytes the batch as packed RGB bytes, see `uploadBytes`; N·H·W·3 of them, H·W a multiple of 4
 * @param imgShapes int32 [N, 2]: height and width of each image inside the padded frame
 * @returns float32 [N, H, W, 3], 0 in the padding
 */
export function normaliseImages(
  bytes: Tensor,
  imgShapes: Tensor,
  size: readonly [batch: number, height: number, width: number],
  { mean, std, rgb }: ImageNormalisation,
): Tensor4D {
  const [batch, height, width] = size;
  const [mean0, mean1, mean2] = mean;
  const [std0, std1, std2] = std;
  if (mean0 === undefined || mean1 === undefined || mean2 === undefined)
    throw new Error('mean: three numbers');
  if (std0 === undefined || std1 === undefined || std2 === undefined)
    throw new Error('std: three numbers');
  const y = emptyTensor<Tensor4D>([batch, height, width, 3]);
  const { workgroups, rowSize } = foldWorkgroups(y.size, 64);
  runKernel(
    normaliseImageKernel,
    [bytes, imgShapes, y],
    {
      count: y.size,
      rowSize,
      height,
      width,
      swap: rgb ? 0 : 1,
      mean0,
      mean1,
      mean2,
      std0,
      std1,
      std2,
    },
    workgroups,
  );
  return y;
}
