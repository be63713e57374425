import type { RgbImage } from '../dataset.ts';

/** The image mirrored left–right (MMDetection's RandomFlip, direction horizontal); boxes go with `flipBoxesHorizontally`. */
export function flipImage(image: RgbImage): RgbImage {
  const { width, height, data } = image;
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    const row = 3 * width * y;
    for (let x = 0; x < width; x++) {
      const [from, to] = [row + 3 * x, row + 3 * (width - 1 - x)];
      out[to] = data[from] ?? 0;
      out[to + 1] = data[from + 1] ?? 0;
      out[to + 2] = data[from + 2] ?? 0;
    }
  }
  return { ...image, data: out };
}
