import type { ImageDecoder, RgbImage } from '../dataset.ts';
import { orientImage } from '../pixels/orient.ts';
import { findImageDamage } from './image-damage.ts';
import { mendImage } from './mend-image.ts';
import { requireImageHeader, requireSize, unreadableImage } from './image-errors.ts';
import type { ImageHeader } from './image-header.ts';

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** RGBA → RGB; `opaque` tells whether every alpha was 255. */
function dropAlpha(rgba: Uint8ClampedArray | Uint8Array): {
  data: Uint8Array<ArrayBuffer>;
  opaque: boolean;
} {
  const pixels = rgba.length / 4;
  const data = new Uint8Array(3 * pixels);
  let alpha = 255;
  for (let i = 0, from = 0, to = 0; i < pixels; i++, from += 4, to += 3) {
    data[to] = rgba[from] ?? 0;
    data[to + 1] = rgba[from + 1] ?? 0;
    data[to + 2] = rgba[from + 2] ?? 0;
    alpha &= rgba[from + 3] ?? 0;
  }
  return { data, opaque: alpha === 255 };
}

async function decodeWithBitmap(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<RgbImage & { opaque: boolean }> {
  const bitmap = await createImageBitmap(new Blob([bytes]), {
    premultiplyAlpha: 'none',
    colorSpaceConversion: 'none',
  });
  try {
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext('2d', {
      willReadFrequently: true,
    });
    if (context === null) throw new Error('The browser gave no canvas.');
    context.drawImage(bitmap, 0, 0);
    return { width, height, ...dropAlpha(context.getImageData(0, 0, width, height).data) };
  } finally {
    bitmap.close();
  }
}

const MIME: Readonly<Record<ImageHeader['format'], string>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  bmp: 'image/bmp',
  gif: 'image/gif',
  avif: 'image/avif',
};

/**
 * The colours of an image with transparency. A canvas stores colours multiplied by alpha, which loses them; WebCodecs
 * gives them as they are. Undefined where the browser has no WebCodecs or answers in another pixel format.
 */
async function decodeStraightAlpha(
  bytes: Uint8Array<ArrayBuffer>,
  header: ImageHeader,
): Promise<RgbImage | undefined> {
  if (typeof ImageDecoder === 'undefined') return undefined;
  const decoder = new ImageDecoder({
    data: bytes,
    type: MIME[header.format],
    colorSpaceConversion: 'none',
  });
  try {
    const { image: frame } = await decoder.decode();
    try {
      const { format, displayWidth: width, displayHeight: height } = frame;
      if (format !== 'RGBA' && format !== 'BGRA') return undefined;
      const rgba = new Uint8Array(4 * width * height);
      await frame.copyTo(rgba, { layout: [{ offset: 0, stride: 4 * width }] });
      const { data } = dropAlpha(rgba);
      if (format === 'BGRA')
        for (let i = 0; i < data.length; i += 3)
          data.set([data[i + 2] ?? 0, data[i + 1] ?? 0, data[i] ?? 0], i);
      return { width, height, data };
    } finally {
      frame.close();
    }
  } catch {
    return undefined;
  } finally {
    decoder.close();
  }
}

async function decode(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<RgbImage> {
  const header = requireImageHeader(bytes, name);
  let damage = findImageDamage(bytes, header);
  let decoded: RgbImage & { opaque: boolean };
  try {
    decoded = await decodeWithBitmap(bytes);
  } catch (error) {
    const mended = damage === undefined ? undefined : mendImage(bytes, header);
    if (mended === undefined)
      throw unreadableImage(name, `${damage ?? ''} ${reason(error)}`.trim(), error);
    decoded = await decodeWithBitmap(mended).catch((again: unknown) => {
      throw unreadableImage(name, `${damage ?? ''} ${reason(again)}`.trim(), again);
    });
  }
  const { opaque, ...drawn } = decoded;
  const straight = opaque ? undefined : await decodeStraightAlpha(bytes, header);
  if (!opaque && straight === undefined)
    damage ??= 'The image has transparent parts, whose colours this browser cannot give exactly.';
  let image: RgbImage = straight ?? drawn;
  // Some browsers turn JPEGs by EXIF, but not PNGs: a picture that still has its stored size is turned here
  const stored = image.width === header.width && image.height === header.height;
  if (stored && header.orientation >= 5 && header.width !== header.height) {
    image = orientImage(image, header.orientation);
  }
  requireSize(image, header, name);
  return damage === undefined ? image : { ...image, damage };
}

/** The decoder of the browser, for a window or a worker: createImageBitmap, turned by EXIF, colour profiles ignored. */
export function createBrowserDecoder(): ImageDecoder {
  return { decode, dispose: () => undefined };
}
