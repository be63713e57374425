import { decode as decodeBmp } from 'bmp-ts';
import sharp from 'sharp';
import type { ImageDecoder, RgbImage } from '../dataset.ts';
import { findImageDamage } from './image-damage.ts';
import { orientImage } from '../pixels/orient.ts';
import { requireImageHeader, requireSize, unreadableImage } from './image-errors.ts';
import { MAX_PIXELS } from './image-header.ts';

// Decoded images are cached by the loader, as pixels; a second cache of files would only hold memory.
sharp.cache(false);

function reason(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}

/** The stored picture: alpha dropped without blending, colour profiles ignored, as cv2's imread does. */
async function decodeWithSharp(bytes: Uint8Array, strict: boolean): Promise<RgbImage> {
  const { data, info } = await sharp(bytes, {
    failOn: strict ? 'warning' : 'none',
    limitInputPixels: MAX_PIXELS,
    ignoreIcc: true,
  })
    .toColourspace('srgb')
    .removeAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (channels === 3) return { width, height, data: new Uint8Array(data) };
  const out = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) out.fill(data[i * channels] ?? 0, 3 * i, 3 * i + 3);
  return { width, height, data: out };
}

function decodeBitmap(bytes: Uint8Array): RgbImage {
  const { width, height, data } = decodeBmp(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    { toRGBA: true },
  );
  const out = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) {
    out[3 * i] = data[4 * i] ?? 0;
    out[3 * i + 1] = data[4 * i + 1] ?? 0;
    out[3 * i + 2] = data[4 * i + 2] ?? 0;
  }
  return { width, height, data: out };
}

async function decode(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<RgbImage> {
  const header = requireImageHeader(bytes, name);
  const seen = findImageDamage(bytes, header);
  let image: RgbImage;
  let damage = seen;
  try {
    if (header.format === 'bmp') image = decodeBitmap(bytes);
    else {
      try {
        image = await decodeWithSharp(bytes, true);
      } catch (strictError) {
        damage ??= `The decoder reports: ${reason(strictError)}.`;
        image = await decodeWithSharp(bytes, false);
      }
    }
  } catch (error) {
    throw unreadableImage(name, `${damage ?? ''} ${reason(error)}.`.trim(), error);
  }
  // libvips has already applied AVIF's own rotation; EXIF's is left to us
  if (header.format !== 'avif') image = orientImage(image, header.orientation);
  requireSize(image, header, name);
  return damage === undefined ? image : { ...image, damage };
}

/** The decoder of the command line: libvips for most formats, bmp-ts for BMP. It already works on several threads. */
export function createNodeDecoder(): ImageDecoder {
  return { decode, dispose: () => undefined };
}
