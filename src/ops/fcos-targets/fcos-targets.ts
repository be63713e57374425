import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { WORKGROUP_SIZE, fcosSumsKernel, fcosTargetsKernel } from './fcos-targets.wgsl.ts';
import { totalPoints } from './point-level.ts';
import type { PointLevel } from './point-level.ts';

/** Which points are positive, and in what unit their distances are: MMDetection's `FCOSHead`. */
export interface FcosTargetsOptions {
  /**
   * `regress_ranges`: a ground truth is for the level in whose range the longest distance from the point to its sides
   * lies, both ends included, in pixels.
   */
  readonly regressRanges: readonly (readonly [low: number, high: number])[];
  /** `center_sample_radius`: half side of the region around a box's centre, in strides; null: the whole box. */
  readonly centerSampling: number | null;
  /** `norm_on_bbox`: distances are in strides instead of pixels. */
  readonly normOnBbox: boolean;
}

export interface FcosTargetsInput {
  readonly levels: readonly PointLevel[];
  /** float32 [B, G, 4], padded to G rows; xyxy in input pixels. */
  readonly gtBoxes: Tensor;
  /** int32 [B, G], 0 … K − 1. */
  readonly gtLabels: Tensor;
  /** int32 [B], how many rows are real, 0 … G. */
  readonly gtCounts: Tensor;
  /** int32 [B, 2]: height and width that the batch is padded to (`batch_input_shape`). Points beyond have no weight. */
  readonly batchShapes: Tensor;
  /** K; also the label of the background. */
  readonly numClasses: number;
  readonly options: FcosTargetsOptions;
}

/** N = points of all levels. */
export interface FcosTargets {
  /** int32 [B, N]: class 0 … K − 1, K for background, −1 for no weight (beyond the batch's padding). */
  readonly labels: Tensor2D;
  /** int32 [B, N]: the ground truth (≥ 0), or −1. */
  readonly assigned: Tensor2D;
  /** float32 [B, N, 4]: left, top, right, bottom, from the point to the sides; 0 where there is no ground truth. */
  readonly distances: Tensor3D;
  /** float32 [B, N]: √(min(l, r) / max(l, r) · min(t, b) / max(t, b)), above 0 to 1; 0 where there is no ground truth. */
  readonly centerness: Tensor2D;
  /** int32 [B]: number of positive points. */
  readonly numPos: Tensor1D;
  /** float32 [1]: positives of the batch, at least 1. Divides the class and the centerness loss. */
  readonly positives: Tensor1D;
  /** float32 [1]: Σ centerness of the batch, at least 1e-6. Divides the box loss. */
  readonly centernessSum: Tensor1D;
}

const OP = 'fcosTargets';

/**
 * What FCOS is trained towards (Tian et al., 2019, §3), by MMDetection 3.x `FCOSHead.get_targets` and
 * `centerness_target`: a point belongs to the smallest ground truth, the first of equal ones, that it lies inside of (near
 * the centre of, with `centerSampling`) and whose size is for its level. Boxes without area, or with a NaN, get no point.
 * Two dispatches whatever the number of ground truths; no gradient (the result is constant) and no readback.
 *
 * @throws Error when a shape, a type or an option does not fit
 */
export function fcosTargets(input: FcosTargetsInput): FcosTargets {
  const { levels, gtBoxes, gtLabels, gtCounts, batchShapes, numClasses, options } = input;
  requireTensor(OP, 'gtBoxes', gtBoxes, 'float32', [null, null, 4]);
  const images = side(OP, 'gtBoxes', gtBoxes, 0);
  const gtRows = side(OP, 'gtBoxes', gtBoxes, 1);
  requireTensor(OP, 'gtLabels', gtLabels, 'int32', [images, gtRows]);
  requireTensor(OP, 'gtCounts', gtCounts, 'int32', [images]);
  requireTensor(OP, 'batchShapes', batchShapes, 'int32', [images, 2]);
  const table = levelTable(levels, options);
  const points = totalPoints(levels);

  const labels = emptyTensor<Tensor2D>([images, points], 'int32');
  const assigned = emptyTensor<Tensor2D>([images, points], 'int32');
  const distances = emptyTensor<Tensor3D>([images, points, 4]);
  const centerness = emptyTensor<Tensor2D>([images, points]);
  const numPos = emptyTensor<Tensor1D>([images], 'int32');
  const positives = emptyTensor<Tensor1D>([1]);
  const centernessSum = emptyTensor<Tensor1D>([1]);

  const { workgroups, rowSize } = foldWorkgroups(labels.size, WORKGROUP_SIZE);
  runKernel(
    fcosTargetsKernel(levels.length, options.centerSampling !== null),
    [gtBoxes, gtLabels, gtCounts, batchShapes, labels, assigned, distances, centerness],
    {
      ...table,
      points,
      gtRows,
      numClasses,
      inStrides: options.normOnBbox ? 1 : 0,
      count: labels.size,
      rowSize,
    },
    workgroups,
  );
  runKernel(
    fcosSumsKernel,
    [assigned, centerness, numPos, positives, centernessSum],
    { images, points, leastCenterness: LEAST_CENTERNESS },
    [1, 1, 1],
  );
  return { labels, assigned, distances, centerness, numPos, positives, centernessSum };
}

/** MMDetection's floor of the box loss's divisor. */
const LEAST_CENTERNESS = 1e-6;

function levelTable(
  levels: readonly PointLevel[],
  { regressRanges, centerSampling }: FcosTargetsOptions,
): Record<string, number> {
  if (levels.length === 0) throw new Error(`${OP}: levels must not be empty`);
  if (regressRanges.length !== levels.length) {
    throw new Error(
      `${OP}: regressRanges must be ${levels.length}, one per level, got ${regressRanges.length}`,
    );
  }
  if (centerSampling !== null && !(centerSampling > 0)) {
    throw new Error(`${OP}: centerSampling must be above 0 or null, got ${centerSampling}`);
  }
  const table: Record<string, number> = {};
  for (const [index, [low, high]] of regressRanges.entries()) {
    const { start, width, stride } = levels[index] ?? { start: 0, width: 0, stride: 0 };
    if (!(Number.isInteger(stride) && stride > 0)) {
      throw new Error(`${OP}: stride must be a whole number above 0, got ${stride}`);
    }
    const extent = stride * (centerSampling ?? 0);
    const row = { start, width, stride, low, high, extent };
    for (const [name, value] of Object.entries(row)) table[`${name}${index}`] = value;
  }
  return table;
}
