import type { RgbImage } from '../dataset.ts';

/**
 * A stored image as it is shown, by EXIF orientation 1 … 8; boxes go with `orientBoxes`. Sides change places from 5 on.
 * The same image comes back for 1.
 */
export function orientImage(image: RgbImage, orientation: number): RgbImage {
  if (orientation <= 1 || orientation > 8) return image;
  const { width, height, data } = image;
  const swapped = orientation >= 5;
  const [shownWidth, shownHeight] = swapped ? [height, width] : [width, height];
  // Where the shown column (row) runs along the stored one backwards
  const mirrorX = [2, 3, 7, 8].includes(orientation);
  const mirrorY = [3, 4, 6, 7].includes(orientation);
  const out = new Uint8Array(data.length);
  for (let y = 0, to = 0; y < shownHeight; y++) {
    for (let x = 0; x < shownWidth; x++, to += 3) {
      const [u, v] = swapped ? [y, x] : [x, y];
      const from = 3 * ((mirrorY ? height - 1 - v : v) * width + (mirrorX ? width - 1 - u : u));
      out[to] = data[from] ?? 0;
      out[to + 1] = data[from + 1] ?? 0;
      out[to + 2] = data[from + 2] ?? 0;
    }
  }
  return { ...image, width: shownWidth, height: shownHeight, data: out };
}
