import type { ImageDecoder, RgbImage } from '../dataset.ts';
import { rescaleSize } from '../transforms/rescale-size.ts';
import { resizeImage } from '../transforms/resize.ts';

/** What Resize is to do; the size follows from the decoded image. */
export interface ResizeSpec {
  readonly scale: readonly [number, number];
  readonly keepRatio: boolean;
}

/** An image at its input size, and the size it had. */
export interface ResizedImage extends RgbImage {
  readonly oriWidth: number;
  readonly oriHeight: number;
  readonly scaleFactor: readonly [number, number];
}

/** A decoder that also resizes where it decodes, so that only the small image crosses the thread. */
export interface ResizingDecoder extends ImageDecoder {
  /** As `decode` then Resize; `bytes` may be transferred (and be empty afterwards). */
  decodeResized(
    bytes: Uint8Array<ArrayBuffer>,
    name: string,
    spec: ResizeSpec,
  ): Promise<ResizedImage>;
}

export function isResizingDecoder(decoder: ImageDecoder): decoder is ResizingDecoder {
  return 'decodeResized' in decoder;
}

/** Resize of a pipeline on one decoded image: MMDetection's sizes, cv2's pixels. */
export function resizeBySpec(image: RgbImage, spec: ResizeSpec): ResizedImage {
  const { width, height, scaleFactor } = rescaleSize(
    image.width,
    image.height,
    spec.scale,
    spec.keepRatio,
  );
  return {
    ...resizeImage(image, width, height),
    oriWidth: image.width,
    oriHeight: image.height,
    scaleFactor,
  };
}
