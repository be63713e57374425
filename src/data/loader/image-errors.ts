import { UserError } from '../../base/errors.ts';
import type { RgbImage } from '../dataset.ts';
import { MAX_PIXELS, readImageHeader, shownSize, type ImageHeader } from './image-header.ts';

/** The error of an image that cannot be decoded at all. */
export function unreadableImage(name: string, why: string, cause?: unknown): UserError {
  return new UserError(
    {
      code: 'image-unreadable',
      what: 'The image could not be read.',
      why,
      action: 'Replace the file, or remove it from the data set.',
      place: { file: name },
    },
    cause === undefined ? {} : { cause },
  );
}

/**
 * The header of an encoded image, before any decoder sees it. Throws UserError `image-unreadable` (empty, no image,
 * damaged header) or `image-too-large` (above 64 × 2²⁰ pixels), naming `name`.
 */
export function requireImageHeader(bytes: Uint8Array, name: string): ImageHeader {
  if (bytes.length === 0) throw unreadableImage(name, 'The file is empty.');
  const header = readImageHeader(bytes);
  if (header === undefined)
    throw unreadableImage(
      name,
      'It is no JPEG, PNG, WebP, BMP, GIF or AVIF image, or its header is damaged.',
    );
  const { width, height } = header;
  if (width * height > MAX_PIXELS) {
    throw new UserError({
      code: 'image-too-large',
      what: `The image has ${width} × ${height} pixels.`,
      why: `More than ${MAX_PIXELS / 2 ** 20} million pixels would need ${Math.round((width * height * 3) / 2 ** 20)} MB of memory.`,
      action: 'Scale it down or cut it into tiles.',
      place: { file: name },
      params: { width, height },
    });
  }
  return header;
}

/** Throws UserError `image-unreadable` when a decoded image has not the size that its header promised. */
export function requireSize(image: RgbImage, header: ImageHeader, name: string): void {
  const shown = shownSize(header);
  if (image.width === shown.width && image.height === shown.height) return;
  const why = `It decodes to ${image.width} × ${image.height} pixels, but its header says ${shown.width} × ${shown.height}.`;
  throw unreadableImage(name, why);
}
