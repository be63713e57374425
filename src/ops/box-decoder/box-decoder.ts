import { maxSizeRatio, statistics } from '../delta-coder/delta-coder.ts';
import type { DecodeOptions } from '../delta-coder/delta-coder.ts';
import type { BoxDecoderSpec } from './box-decoder.wgsl.ts';

/** Boxes as shifts of anchors, `DeltaXYWHBBoxCoder`. */
export interface DeltaBoxDecoder extends DecodeOptions {
  readonly type?: 'delta';
}

/** Boxes as distances (left, top, right, bottom) in pixels from points, `DistancePointBBoxCoder` (FCOS). */
export interface DistanceBoxDecoder {
  readonly type: 'distance';
  /** Clip boxes to the image. Default true. */
  readonly clipBorder?: boolean;
}

/** How a head's four numbers become a box. */
export type BoxDecoder = DeltaBoxDecoder | DistanceBoxDecoder;

/** A decoder, ready for a kernel. */
export interface BoxDecoding {
  readonly spec: BoxDecoderSpec;
  /** Values of the parameters that its WGSL needs. */
  readonly params: Readonly<Record<string, number>>;
}

/** Checks a decoder's options and splits them into what changes the kernel and what is a parameter. */
export function boxDecoding(op: string, decoder: BoxDecoder): BoxDecoding {
  const { clipBorder = true } = decoder;
  if (decoder.type === 'distance') {
    return {
      spec: { kind: 'distance', clipBorder, addCtrClamp: false, clampAboveOnly: false },
      params: {},
    };
  }
  const { addCtrClamp = false, clampAboveOnly = false, ctrClamp = 32 } = decoder;
  return {
    spec: { kind: 'delta', clipBorder, addCtrClamp, clampAboveOnly },
    params: { ...statistics(op, decoder), maxRatio: maxSizeRatio(op, decoder), ctrClamp },
  };
}
