import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor, Tensor2D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { levelSize, totalAnchors } from './anchor-levels.ts';
import type { AnchorLevel } from './anchor-levels.ts';
import { WORKGROUP_SIZE, anchorValidFlagsKernel } from './anchor-valid-flags.wgsl.ts';

/** The demand that anchors lie within their image (`anchor_inside_flags` of MMDetection). */
export interface InsideImage {
  /** float32 [N, 4], xyxy in input pixels. */
  readonly anchors: Tensor;
  /** int32 [B, 2], height and width of each image without padding. */
  readonly imgShapes: Tensor;
  /** By how many pixels an anchor may lie outside, `allowed_border`; below 0 demands nothing. */
  readonly allowedBorder: number;
}

/**
 * Which anchors lie on each image's padded area (MMDetection `AnchorGenerator.valid_flags`); an image that is smaller
 * than the batch has anchors beyond its own right and bottom, and they take no part in training.
 *
 * @param padShapes int32 [B, 2], height and width in input pixels; whole numbers of pixels, strides too
 * @param inside default: no such demand. The right and bottom ends are excluded: x2 < width + allowedBorder
 * @returns int32 [B, N], 1 valid and 0 not
 */
export function anchorValidFlags(
  padShapes: Tensor,
  levels: readonly AnchorLevel[],
  inside: InsideImage | null = null,
): Tensor2D {
  requireTensor('anchorValidFlags', 'padShapes', padShapes, 'int32', [null, 2]);
  // An empty level would share its start with the next one.
  const present = levels.filter((level) => levelSize(level) > 0);
  const anchors = totalAnchors(levels);
  if (anchors === 0) throw new Error('anchorValidFlags: the levels hold no anchors');
  const params: Record<string, number> = {};
  for (const [index, level] of present.entries()) {
    for (const stride of [level.strideX, level.strideY]) {
      if (!Number.isInteger(stride) || stride < 1) {
        throw new Error(`anchorValidFlags: strides must be whole numbers, got ${stride}`);
      }
    }
    params[`start${index}`] = level.start;
    params[`width${index}`] = level.width;
    params[`perCell${index}`] = level.perCell;
    params[`strideX${index}`] = level.strideX;
    params[`strideY${index}`] = level.strideY;
  }
  const batch = side('anchorValidFlags', 'padShapes', padShapes, 0);
  const demanded = inside !== null && inside.allowedBorder >= 0 ? inside : null;
  if (demanded !== null) {
    requireTensor('anchorValidFlags', 'anchors', demanded.anchors, 'float32', [anchors, 4]);
    requireTensor('anchorValidFlags', 'imgShapes', demanded.imgShapes, 'int32', [batch, 2]);
    params['border'] = demanded.allowedBorder;
  }
  const flags = emptyTensor<Tensor2D>([batch, anchors], 'int32');
  const { workgroups, rowSize } = foldWorkgroups(flags.size, WORKGROUP_SIZE);
  runKernel(
    anchorValidFlagsKernel(present.length, demanded !== null),
    [padShapes, ...(demanded === null ? [] : [demanded.anchors, demanded.imgShapes]), flags],
    { ...params, anchors, count: flags.size, rowSize },
    workgroups,
  );
  return flags;
}
