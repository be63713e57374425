import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor, Tensor3D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { WORKGROUP_SIZE, decodeKernel } from './delta-coder.wgsl.ts';

/** Four numbers for dx, dy, dw, dh. */
export type FourNumbers = readonly [number, number, number, number];

/** `DeltaXYWHBBoxCoder` of MMDetection. */
export interface DeltaCoderOptions {
  /** `target_means`; default 0, 0, 0, 0. */
  readonly means?: FourNumbers;
  /** `target_stds`; default 1, 1, 1, 1. */
  readonly stds?: FourNumbers;
}

export interface DecodeOptions extends DeltaCoderOptions {
  /** dw and dh are clamped to ±|ln(this)|. Default 16 / 1000. */
  readonly whRatioClip?: number;
  /** Clamp dw and dh only from above, as torchvision's `BoxCoder` does. Default false. */
  readonly clampAboveOnly?: boolean;
  /** Clip boxes to the image. Default true. */
  readonly clipBorder?: boolean;
  /** Clamp the centre's shift to ±`ctrClamp` pixels, and dw, dh only from above. Default false. */
  readonly addCtrClamp?: boolean;
  /** Default 32. */
  readonly ctrClamp?: number;
}

/** `target_means` and `target_stds` as parameters of a kernel. */
export function statistics(op: string, options: DeltaCoderOptions): Record<string, number> {
  const [meanX, meanY, meanW, meanH] = options.means ?? [0, 0, 0, 0];
  const [stdX, stdY, stdW, stdH] = options.stds ?? [1, 1, 1, 1];
  for (const std of [stdX, stdY, stdW, stdH]) {
    if (!(std > 0)) throw new Error(`${op}: stds must be above 0, got ${std}`);
  }
  return { meanX, meanY, meanW, meanH, stdX, stdY, stdW, stdH };
}

/** The bound on |dw| and |dh|: |ln(whRatioClip)|. */
export function maxSizeRatio(op: string, { whRatioClip = 16 / 1000 }: DecodeOptions): number {
  if (!(whRatioClip > 0)) throw new Error(`${op}: whRatioClip must be above 0, got ${whRatioClip}`);
  return Math.abs(Math.log(whRatioClip));
}

/**
 * Boxes from deltas. No gradient: losses on decoded boxes have their own (see `giouLoss`).
 *
 * @param anchors float32 [N, 4] for all images, or [B, N, 4]; xyxy in input pixels
 * @param deltas float32 [B, N, 4]
 * @param maxShapes float32 or int32 [B, 2], height and width of each image without padding; null only with `clipBorder: false`
 * @returns float32 [B, N, 4], xyxy
 */
export function decodeDeltas(
  anchors: Tensor,
  deltas: Tensor,
  maxShapes: Tensor | null,
  options: DecodeOptions = {},
): Tensor3D {
  const op = 'decodeDeltas';
  const { clipBorder = true, addCtrClamp = false, ctrClamp = 32 } = options;
  const { clampAboveOnly = false } = options;
  requireTensor(op, 'deltas', deltas, 'float32', [null, null, 4]);
  const batch = side(op, 'deltas', deltas, 0);
  const anchorCount = side(op, 'deltas', deltas, 1);
  const sharedAnchors = anchors.shape.length === 2;
  requireTensor(op, 'anchors', anchors, 'float32', [
    ...(sharedAnchors ? [] : [batch]),
    anchorCount,
    4,
  ]);
  const shapesType = maxShapes?.dtype === 'int32' ? 'int32' : 'float32';
  if (maxShapes !== null) requireTensor(op, 'maxShapes', maxShapes, shapesType, [batch, 2]);
  else if (clipBorder) throw new Error(`${op}: maxShapes is needed unless clipBorder is false`);
  const parameters = { ...statistics(op, options), maxRatio: maxSizeRatio(op, options), ctrClamp };
  const boxes = emptyTensor<Tensor3D>([batch, anchorCount, 4]);
  const count = batch * anchorCount;
  const { workgroups, rowSize } = foldWorkgroups(count, WORKGROUP_SIZE);
  const bounds = clipBorder ? maxShapes : null;
  const clip = bounds === null ? null : shapesType === 'int32' ? 'i32' : 'f32';
  runKernel(
    decodeKernel({ sharedAnchors, clip, addCtrClamp, clampAboveOnly }),
    [anchors, deltas, ...(bounds === null ? [] : [bounds]), boxes],
    { ...parameters, anchorCount, count, rowSize },
    workgroups,
  );
  return boxes;
}
