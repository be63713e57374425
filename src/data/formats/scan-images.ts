import { errorDetails } from '../../base/errors.ts';
import { mapConcurrent } from '../concurrent.ts';
import type { SourceFile } from '../file-source.ts';
import { MAX_PIXELS, readImageHeader, type ImageHeader } from '../loader/image-header.ts';
import type { OnOpenProgress, RawImage } from './raw-dataset.ts';

/** Of larger sets only a part is looked at while opening; the rest is when it is loaded. */
export const FULL_SCAN_IMAGES = 20_000;
const SAMPLE_IMAGES = 2_000;
/** Enough for the header of almost any file; EXIF thumbnails and colour profiles go up to 64 kB per segment. */
const HEAD_BYTES = 16_384;

export interface ScannedImage {
  readonly header?: ImageHeader;
  /** Why the image cannot be used, in English. */
  readonly error?: string;
}

async function scanFile(file: SourceFile): Promise<ScannedImage> {
  try {
    if (file.size === 0) return { error: 'The file is empty.' };
    const head = await (file.head?.(HEAD_BYTES) ?? file.bytes());
    if (head.length === 0) return { error: 'The file is empty.' };
    const whole = head.length < HEAD_BYTES || file.head === undefined;
    const header =
      readImageHeader(head) ?? (whole ? undefined : readImageHeader(await file.bytes()));
    if (header === undefined)
      return {
        error: 'It is no JPEG, PNG, WebP, BMP, GIF or AVIF image, or its header is damaged.',
      };
    if (header.width * header.height > MAX_PIXELS)
      return {
        error: `It has ${header.width} × ${header.height} pixels, more than ${MAX_PIXELS / 2 ** 20} million.`,
        header,
      };
    return { header };
  } catch (error) {
    const details = errorDetails(error);
    return { error: details.why ?? details.what };
  }
}

/**
 * Reads the headers of the images: sizes, EXIF orientation, files that are no images. Entry i belongs to image i and is
 * undefined where the file is missing or was not looked at (beyond 20 000 images a spread of 2 000, and all whose label
 * file states no size).
 */
export async function scanImages(
  images: readonly RawImage[],
  onProgress?: OnOpenProgress,
): Promise<(ScannedImage | undefined)[]> {
  const step = images.length > FULL_SCAN_IMAGES ? Math.floor(images.length / SAMPLE_IMAGES) : 1;
  const chosen = images.flatMap((image, i) =>
    image.file !== undefined && (i % step === 0 || image.width === 0 || image.height === 0)
      ? [{ i, file: image.file }]
      : [],
  );
  const scanned = new Map<number, ScannedImage>();
  await mapConcurrent(chosen, 16, async ({ i, file }) => {
    scanned.set(i, await scanFile(file));
    if (scanned.size % 64 === 0 || scanned.size === chosen.length)
      onProgress?.({ phase: 'images', done: scanned.size, total: chosen.length });
    return true;
  });
  return images.map((_, i) => scanned.get(i));
}
