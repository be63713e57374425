import { emptyLike } from './pixel-image.ts';
import type { PixelImage } from './pixel-image.ts';

export type FlipDirection = 'horizontal' | 'vertical' | 'diagonal';

/** The image mirrored left–right, top–bottom, or both (diagonal: a half turn). Boxes go with `flipBoxes`. */
export function flipImage(image: PixelImage, direction: FlipDirection): PixelImage {
  const { width, height, data } = image;
  const out = emptyLike(data, data.length);
  const [mirrorX, mirrorY] = [direction !== 'vertical', direction !== 'horizontal'];
  for (let y = 0; y < height; y++) {
    const from = 3 * width * (mirrorY ? height - 1 - y : y);
    const to = 3 * width * y;
    if (!mirrorX) {
      out.set(data.subarray(from, from + 3 * width), to);
      continue;
    }
    for (let x = 0; x < width; x++) {
      const source = from + 3 * (width - 1 - x);
      out[to + 3 * x] = data[source] ?? 0;
      out[to + 3 * x + 1] = data[source + 1] ?? 0;
      out[to + 3 * x + 2] = data[source + 2] ?? 0;
    }
  }
  return { width, height, data: out };
}
