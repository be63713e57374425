import type { ImageNormalisation } from './normalise-image.ts';

/**
 * MMDetection's DetDataPreprocessor on packed RGB bytes [N, H, W, 3], in float64: (value − mean)/std per output channel,
 * BGR where the model reads BGR, and 0 outside the image's own height and width
 * (https://github.com/open-mmlab/mmengine/blob/main/mmengine/model/base_model/data_preprocessor.py: normalise, then pad).
 *
 * @param imgShapes [N, 2] height and width of each image inside the frame
 */
export function normaliseImagesReference(
  bytes: Uint8Array,
  imgShapes: readonly (readonly [height: number, width: number])[],
  [batch, height, width]: readonly [batch: number, height: number, width: number],
  { mean, std, rgb }: ImageNormalisation,
): Float64Array {
  const y = new Float64Array(batch * height * width * 3);
  for (let n = 0; n < batch; n++) {
    const [imageHeight, imageWidth] = imgShapes[n] ?? [0, 0];
    for (let row = 0; row < imageHeight; row++)
      for (let column = 0; column < imageWidth; column++)
        for (let channel = 0; channel < 3; channel++) {
          const pixel = ((n * height + row) * width + column) * 3;
          const value = bytes[pixel + (rgb ? channel : 2 - channel)] ?? Number.NaN;
          y[pixel + channel] = (value - (mean[channel] ?? 0)) / (std[channel] ?? 1);
        }
  }
  return y;
}
