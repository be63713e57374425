import { describe, expect, it } from 'vitest';
import { makePicture } from './picture.ts';

/** The left half red, the right half blue. */
function halves(width: number, height: number) {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) data[3 * i + (i % width < width / 2 ? 0 : 2)] = 200;
  return { width, height, data };
}

/** Pixel values of a bitmap, four per pixel. */
function pixelsOf(bitmap: ImageBitmap): number[] {
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
  if (context === null) throw new Error('no canvas');
  context.drawImage(bitmap, 0, 0);
  return [...context.getImageData(0, 0, bitmap.width, bitmap.height).data];
}

describe('a picture in a browser', () => {
  it('has exactly the pixels that were given at full size', async () => {
    const { bitmap, width, height, damage } = await makePicture(halves(8, 4), 0);
    expect([bitmap.width, bitmap.height, width, height, damage]).toEqual([8, 4, 8, 4, undefined]);
    const pixels = pixelsOf(bitmap);
    expect(pixels.slice(0, 4)).toEqual([200, 0, 0, 255]);
    expect(pixels.slice(4 * 7, 4 * 8)).toEqual([0, 0, 200, 255]);
  });

  it('is made small, says its original size and passes damage on', async () => {
    const picture = await makePicture({ ...halves(400, 200), damage: 'half is missing' }, 100);
    expect([picture.bitmap.width, picture.bitmap.height]).toEqual([100, 50]);
    expect(picture).toMatchObject({ width: 400, height: 200, damage: 'half is missing' });
    const pixels = pixelsOf(picture.bitmap);
    expect(pixels.slice(4 * 10, 4 * 11)).toEqual([200, 0, 0, 255]);
    expect(pixels.slice(4 * 90, 4 * 91)).toEqual([0, 0, 200, 255]);
  });
});
