import type { Tensor } from '../../tensor/tf.ts';
import { requireTensor } from '../argument/require-tensor.ts';
import { maxSizeRatio, statistics } from '../delta-coder/delta-coder.ts';
import type { DeltaCoderOptions } from '../delta-coder/delta-coder.ts';

/** What a prediction of four numbers is, and what it is decoded with; N predictions per image, or one per row. */
export type BoxForm = PlainBoxes | Deltas | Distances;

/** xyxy in input pixels. */
interface PlainBoxes {
  readonly kind: 'boxes';
}

/** Deltas of `DeltaXYWHBBoxCoder`, decoded without clipping to the image (`reg_decoded_bbox`). */
export interface Deltas extends DeltaCoderOptions {
  readonly kind: 'deltas';
  /** float32 [N, 4] for all images, or one per row; xyxy in input pixels. */
  readonly anchors: Tensor;
  /** dw and dh are clamped to ±|ln(this)|. Default 16 / 1000. */
  readonly whRatioClip?: number;
}

/** Distances left, top, right and bottom of a point (FCOS). */
interface Distances {
  readonly kind: 'distances';
  /**
   * float32 [N, 4] for all images, or one per row: x, y in input pixels and the stride along both axes (MMDetection
   * `grid_priors` with strides).
   */
  readonly points: Tensor;
  /** Whether the unit of the distances is the stride (`norm_on_bbox`), else the pixel. Default true. */
  readonly strided?: boolean;
}

/**
 * Checks the tensor of a form.
 *
 * @param rows predictions of all images
 * @param rowsPerImage N
 * @returns the kernel's inputs and parameters
 */
export function decoding(
  op: string,
  form: BoxForm,
  rows: number,
  rowsPerImage: number,
): { readonly tensors: readonly Tensor[]; readonly params: Readonly<Record<string, number>> } {
  if (form.kind === 'boxes') return { tensors: [], params: {} };
  const [name, tensor] =
    form.kind === 'deltas'
      ? (['anchors', form.anchors] as const)
      : (['points', form.points] as const);
  const shape =
    tensor.shape.length === 2
      ? [tensor.shape[0] === rows ? rows : rowsPerImage, 4]
      : [rows / rowsPerImage, rowsPerImage, 4];
  requireTensor(op, name, tensor, 'float32', shape);
  const anchorCount = tensor.size / 4;
  const own =
    form.kind === 'deltas'
      ? { ...statistics(op, form), maxRatio: maxSizeRatio(op, form) }
      : { strided: (form.strided ?? true) ? 1 : 0 };
  return { tensors: [tensor], params: { ...own, anchorCount } };
}
