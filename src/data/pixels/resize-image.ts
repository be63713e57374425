import type { PixelImage } from './pixel-image.ts';
import { resizeBytes } from './resize-bytes.ts';
import { resizeReal } from './resize-real.ts';

/** cv2.resize with INTER_LINEAR, of bytes or floats; the same image comes back when the size is already right. */
export function resizeImage(image: PixelImage, width: number, height: number): PixelImage {
  const { data } = image;
  if (image.width === width && image.height === height) return image;
  if (data instanceof Uint8Array)
    return resizeBytes({ width: image.width, height: image.height, data }, width, height);
  const out = new Float32Array(3 * width * height);
  resizeReal(data, [image.width, image.height], out, [width, height]);
  return { width, height, data: out };
}
