import { decodeReference, four } from '../delta-coder/delta-coder.reference.ts';
import type { HeightWidthPair } from '../delta-coder/delta-coder.reference.ts';
import type { BoxDecoder } from './box-decoder.ts';

/**
 * Slow twin of the kernels' `decodePrior`, for all priors of one image, in float64.
 *
 * @param priors [N, 4] anchors, or [N, 2] points for distances
 * @param predictions [N, 4]
 */
export function decodePriorsReference(
  priors: ArrayLike<number>,
  predictions: ArrayLike<number>,
  imgShape: HeightWidthPair,
  decoder: BoxDecoder,
): number[] {
  const { clipBorder = true } = decoder;
  if (decoder.type !== 'distance')
    return decodeReference(priors, predictions, clipBorder ? imgShape : null, decoder);
  const [height, width] = imgShape;
  const clip = (value: number, end: number) =>
    clipBorder ? Math.max(Math.min(value, end), 0) : value;
  return Array.from({ length: predictions.length / 4 }, (_, index) => {
    const [left, top, right, bottom] = four(predictions, index);
    const x = priors[index * 2] ?? 0;
    const y = priors[index * 2 + 1] ?? 0;
    return [
      clip(x - left, width),
      clip(y - top, height),
      clip(x + right, width),
      clip(y + bottom, height),
    ];
  }).flat();
}
