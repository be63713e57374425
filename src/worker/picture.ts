import type { RgbImage } from '../data/dataset.ts';
import type { Picture } from './protocol.ts';

/**
 * Size of a `width` × `height` picture whose longer side is at most `maxSide` pixels; 0 = as it is. Never larger than the
 * original, never below one pixel.
 */
export function fitWithin(
  width: number,
  height: number,
  maxSide: number,
): { readonly width: number; readonly height: number } {
  const longer = Math.max(width, height);
  if (maxSide === 0 || longer <= maxSide) return { width, height };
  const side = (length: number): number => Math.max(1, Math.round((length * maxSide) / longer));
  return { width: side(width), height: side(height) };
}

/** RGB → opaque RGBA, as a canvas takes it: [h, w, 3] → [h, w, 4]. */
export function rgbToRgba({ width, height, data }: RgbImage): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    rgba[to] = data[from] ?? 0;
    rgba[to + 1] = data[from + 1] ?? 0;
    rgba[to + 2] = data[from + 2] ?? 0;
    rgba[to + 3] = 255;
  }
  return rgba;
}

/** Pixels as a bitmap whose longer side is at most `maxSide` (0 = full size), with the original size and its damage. */
export async function makePicture(image: RgbImage, maxSide: number): Promise<Picture> {
  const { width, height, damage } = image;
  const size = fitWithin(width, height, maxSide);
  const pixels = new ImageData(rgbToRgba(image), width, height);
  const full = await createImageBitmap(pixels, { colorSpaceConversion: 'none' });
  const bitmap = size.width === width && size.height === height ? full : shrink(full, size);
  return { bitmap, width, height, ...(damage === undefined ? {} : { damage }) };
}

/** Draws a bitmap at a smaller size and closes it. */
function shrink(
  full: ImageBitmap,
  size: { readonly width: number; readonly height: number },
): ImageBitmap {
  const canvas = new OffscreenCanvas(size.width, size.height);
  const context = canvas.getContext('2d', { alpha: false });
  if (context === null) throw new Error('the browser gave no canvas');
  context.imageSmoothingQuality = 'high';
  context.drawImage(full, 0, 0, size.width, size.height);
  full.close();
  return canvas.transferToImageBitmap();
}
