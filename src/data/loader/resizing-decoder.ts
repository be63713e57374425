import type { ImageDecoder, RgbImage } from '../dataset.ts';
import { resizeBytes } from '../pixels/resize-bytes.ts';
import { targetSize } from '../pixels/target-size.ts';
import type { ResizeSpec } from '../pixels/target-size.ts';
import type { PipelineSample } from '../transforms/pipeline-sample.ts';
import type { TransformJob } from './transform-job.ts';

/** An image at its input size, and the size it had. */
export interface ResizedImage extends RgbImage {
  readonly oriWidth: number;
  readonly oriHeight: number;
  readonly scaleFactor: readonly [number, number];
}

/** A decoder that also works on images where it decodes, so that the thread of the engine stays free. */
export interface WorkingDecoder extends ImageDecoder {
  /** As `decode` then Resize; only the small image crosses the thread. `bytes` may be transferred (and be empty then). */
  decodeResized(
    bytes: Uint8Array<ArrayBuffer>,
    name: string,
    spec: ResizeSpec,
  ): Promise<ResizedImage>;
  /** As `runTransformJob`; the job's arrays stay the caller's. */
  transform(job: TransformJob): Promise<PipelineSample | undefined>;
}

export function isWorkingDecoder(decoder: ImageDecoder): decoder is WorkingDecoder {
  return 'decodeResized' in decoder && 'transform' in decoder;
}

/** Resize of a pipeline on one decoded image: MMDetection's sizes, cv2's pixels. */
export function resizeBySpec(image: RgbImage, spec: ResizeSpec): ResizedImage {
  const { width, height, scaleFactor } = targetSize(image.width, image.height, spec);
  return {
    ...image,
    ...resizeBytes(image, width, height),
    oriWidth: image.width,
    oriHeight: image.height,
    scaleFactor,
  };
}

/** The image as it is, in the form of a resized one. */
export function unresized(image: RgbImage): ResizedImage {
  const { width, height } = image;
  return { ...image, oriWidth: width, oriHeight: height, scaleFactor: [1, 1] };
}
