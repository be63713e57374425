import type { ErrorDetails } from '../../base/errors.ts';
import type { RgbImage } from '../dataset.ts';
import type { ResizeSpec } from '../pixels/target-size.ts';
import type { PipelineSample } from '../transforms/pipeline-sample.ts';
import type { ResizedImage } from './resizing-decoder.ts';
import type { TransformJob } from './transform-job.ts';

/** An image to decode; `bytes` is transferred. Without `spec` the image keeps its size. */
export interface DecodeRequest {
  readonly id: number;
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly spec?: ResizeSpec;
}

/** Steps of a pipeline to run; the pixels are copied, as the sender keeps them. */
export interface TransformRequest {
  readonly id: number;
  readonly name: string;
  readonly job: TransformJob;
}

/** To a decode worker. */
export type WorkRequest = DecodeRequest | TransformRequest;

/** From a decode worker; the pixels are transferred. `sample` is null when a step dropped it. */
export type WorkReply =
  | { readonly id: number; readonly image: RgbImage }
  | { readonly id: number; readonly resized: ResizedImage }
  | { readonly id: number; readonly sample: PipelineSample | null }
  | { readonly id: number; readonly error: ErrorDetails };
