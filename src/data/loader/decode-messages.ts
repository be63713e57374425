import type { ErrorDetails } from '../../base/errors.ts';
import type { RgbImage } from '../dataset.ts';
import type { ResizedImage, ResizeSpec } from './resizing-decoder.ts';

/** To a decode worker; `bytes` is transferred. Without `spec` the image keeps its size. */
export interface DecodeRequest {
  readonly id: number;
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly spec?: ResizeSpec;
}

/** From a decode worker; the pixels are transferred. */
export type DecodeReply =
  | { readonly id: number; readonly image: RgbImage }
  | { readonly id: number; readonly resized: ResizedImage }
  | { readonly id: number; readonly error: ErrorDetails };
