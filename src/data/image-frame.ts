import type { ImageHeader } from './loader/image-header.ts';
import { shownSize } from './loader/image-header.ts';

/**
 * In which frame the labels of an image are, by the size they state (`shown` also when they state none).
 *
 * Images are shown, trained and evaluated turned by EXIF, as cv2 and browsers read them. Where the stated size fits only
 * the stored frame, the boxes are taken to be in that frame (`stored`) and must be turned along; where it fits neither,
 * `neither`: the boxes are used as they are, and the user is told.
 */
export function labelFrame(
  stated: { readonly width: number; readonly height: number },
  header: ImageHeader,
): 'shown' | 'stored' | 'neither' {
  const shown = shownSize(header);
  const { width, height } = stated;
  const fits = (size: { readonly width: number; readonly height: number }): boolean =>
    (width === 0 || width === size.width) && (height === 0 || height === size.height);
  if (fits(shown)) return 'shown';
  return fits(header) ? 'stored' : 'neither';
}
