import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor1D, Tensor2D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { PURPOSE, prepareSubset } from './draw-subset.ts';
import type { SubsetOptions } from './draw-subset.ts';
import { BINS } from './draw-subset.wgsl.ts';
import {
  BLOCKS,
  WORKGROUP_SIZE,
  sampleHistogramKernel,
  sampleMarkKernel,
  sampleTiesKernel,
} from './sample-anchors.wgsl.ts';

export interface SampleAnchorsInput extends SubsetOptions {
  /** int32 [B, N]: the matched ground truth (≥ 0), −1 background, −2 neither (see `maxIouAssign`). */
  readonly assigned: Tensor;
  /** int32 [B, G], 0 … numClasses − 1; only needed with more than one class. */
  readonly gtLabels?: Tensor | null;
  /** K, also the label of the background. With 1, the default, every positive is of class 0, as in an RPN. */
  readonly numClasses?: number;
  /** int32 [2], seed and step, each 0 … 2²⁴ − 1; only `random` needs it. */
  readonly randomKey?: Tensor | null;
}

export interface SampledAnchors {
  /** int32 [B, N]: as `assigned` where the anchor is taken, −2 where it is not. */
  readonly assigned: Tensor2D;
  /** int32 [B, N]: class 0 … K − 1, K for background, −1 for no weight (not taken). */
  readonly labels: Tensor2D;
  /** int32 [B]: number of positives taken. */
  readonly numPos: Tensor1D;
  /** int32 [B]: number of negatives taken. */
  readonly numNeg: Tensor1D;
}

/**
 * Takes part of the assigned anchors into the loss, as `RandomSampler` of MMDetection 3.x (and torchvision's
 * `BalancedPositiveNegativeSampler`) does: at most trunc(num · posFraction) positives, then negatives up to num. Which
 * ones is a function of (seed, step, number of the image in the batch, number of the anchor) alone.
 * Three dispatches whatever the numbers; no readback. No gradient: the result is constant.
 *
 * @throws Error when a shape, a type or an option does not fit
 */
export function sampleAnchors(input: SampleAnchorsInput): SampledAnchors {
  const op = 'sampleAnchors';
  const { assigned, gtLabels = null, numClasses = 1 } = input;
  requireTensor(op, 'assigned', assigned, 'int32', [null, null]);
  const batch = side(op, 'assigned', assigned, 0);
  const anchorCount = side(op, 'assigned', assigned, 1);
  const subset = prepareSubset(op, input, input.randomKey ?? null, anchorCount, PURPOSE.anchors);
  const { spec, randomKey } = subset;
  if (numClasses > 1 && gtLabels === null) throw new Error(`${op}: gtLabels is needed, got none`);
  if (gtLabels !== null) requireTensor(op, 'gtLabels', gtLabels, 'int32', [batch, null]);
  const classes = numClasses > 1 && gtLabels !== null ? gtLabels : null;

  const histograms = emptyTensor([batch, BLOCKS, 2 * BINS], 'int32');
  const ties = emptyTensor([batch, anchorCount], 'int32');
  const limits = emptyTensor([batch, 8], 'int32');
  const sampled = emptyTensor<Tensor2D>([batch, anchorCount], 'int32');
  const labels = emptyTensor<Tensor2D>([batch, anchorCount], 'int32');
  const numPos = emptyTensor<Tensor1D>([batch], 'int32');
  const numNeg = emptyTensor<Tensor1D>([batch], 'int32');

  const params = { ...subset.params, anchorCount };
  const drawn = [assigned, ...randomKey];
  runKernel(sampleHistogramKernel(spec), [...drawn, histograms], params, [BLOCKS, batch, 1]);
  runKernel(sampleTiesKernel(spec), [...drawn, histograms, ties, limits, numPos, numNeg], params, [
    BLOCKS,
    batch,
    1,
  ]);
  const count = batch * anchorCount;
  const { workgroups, rowSize } = foldWorkgroups(count, WORKGROUP_SIZE);
  runKernel(
    sampleMarkKernel({ ...spec, classAgnostic: classes === null }),
    [assigned, ties, limits, ...(classes === null ? [] : [classes]), sampled, labels],
    {
      ...params,
      gtRows: classes === null ? 0 : side(op, 'gtLabels', classes, 1),
      numClasses,
      count,
      rowSize,
    },
    workgroups,
  );
  tf.dispose([histograms, ties, limits]);
  return { assigned: sampled, labels, numPos, numNeg };
}
