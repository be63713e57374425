import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor, Tensor1D, Tensor2D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { statistics } from '../delta-coder/delta-coder.ts';
import type { DeltaCoderOptions } from '../delta-coder/delta-coder.ts';
import { PURPOSE, prepareSubset } from '../sampler/draw-subset.ts';
import type { SubsetOptions } from '../sampler/draw-subset.ts';
import { WORKGROUP_SIZE, roiTargetsKernel } from './roi-targets.wgsl.ts';
import { selectRoisKernel } from './select-rois.wgsl.ts';
import type { GtPlace } from './select-rois.wgsl.ts';

/** How RoIs are drawn and what they are to become. */
export interface SampleRoisOptions extends SubsetOptions {
  /**
   * Whether ground truths are candidates too, matched to themselves, before the proposals (`add_gt_as_proposals` of
   * MMDetection) or after them. `none`: not, or they are among the proposals already (torchvision; `concatProposals`).
   */
  readonly addGts: GtPlace;
  /** Positives before negatives, each by candidate (MMDetection), or all by candidate (torchvision). */
  readonly order: 'positives-first' | 'index';
  /** K. */
  readonly numClasses: number;
  /** Label of the negatives: K, the default (MMDetection), or 0 (torchvision, whose classes count from 1). */
  readonly backgroundLabel?: number;
  /** Means and stds of the regression targets. */
  readonly coder?: DeltaCoderOptions;
}

export interface SampleRoisInput extends SampleRoisOptions {
  /** float32 [B, P, 4], xyxy in input pixels, padded to P rows. */
  readonly proposals: Tensor;
  /** int32 [B], how many rows are real, 0 … P. */
  readonly proposalCounts: Tensor;
  /** float32 [B, G, 4], padded to G rows. */
  readonly gtBoxes: Tensor;
  /** int32 [B, G], as they are to be the labels of positives. */
  readonly gtLabels: Tensor;
  /** int32 [B], how many rows are real, 0 … G. */
  readonly gtCounts: Tensor;
  /** int32 [B, P]: each proposal's ground truth (≥ 0), −1 background, −2 neither (see `maxIouAssign`). */
  readonly assigned: Tensor;
  /** int32 [2], seed and step, each 0 … 2²⁴ − 1; only `random` needs it. */
  readonly randomKey?: Tensor | null;
}

/**
 * The RoIs of a batch, in S = min(num, candidates) slots per image, those that are drawn first; there are P candidates
 * without and P + G with added ground truths.
 */
export interface SampledRois {
  /** float32 [B · S, 5]: number of the image, x1, y1, x2, y2; zeros in an empty slot. */
  readonly rois: Tensor2D;
  /** int32 [B · S]: 1, or 0 for an empty slot. */
  readonly present: Tensor1D;
  /** int32 [B · S]: class, background label, or −1 for an empty slot. */
  readonly labels: Tensor1D;
  /** int32 [B · S]: ground truth of a positive (≥ 0), −1 negative, −2 empty slot. */
  readonly matchedGt: Tensor1D;
  /** float32 [B · S, 4]: normalised deltas of a positive to its ground truth, 0 for all others. */
  readonly deltaTargets: Tensor2D;
  /** int32 [B]: number of positives. */
  readonly numPos: Tensor1D;
  /** int32 [B]: number of negatives. */
  readonly numNeg: Tensor1D;
}

/**
 * Draws the RoIs that the second stage is trained on, with labels and regression targets (MMDetection 3.x
 * `RandomSampler`, `bbox2roi` and `BBoxHead.get_targets`). Which ones is a function of (seed, step, number of the image
 * in the batch, number of the candidate) alone. Two dispatches whatever the numbers; no readback. No gradient: RoIs and
 * targets are constants. A drawn ground truth of no size has targets that are not finite, as in MMDetection.
 *
 * @throws Error when a shape, a type or an option does not fit
 */
export function sampleRois(input: SampleRoisInput): SampledRois {
  const op = 'sampleRois';
  const { proposals, proposalCounts, gtBoxes, gtLabels, gtCounts, assigned } = input;
  const { addGts, order, numClasses, backgroundLabel = numClasses, coder = {} } = input;
  requireTensor(op, 'proposals', proposals, 'float32', [null, null, 4]);
  const batch = side(op, 'proposals', proposals, 0);
  const proposalRows = side(op, 'proposals', proposals, 1);
  requireTensor(op, 'proposalCounts', proposalCounts, 'int32', [batch]);
  requireTensor(op, 'gtBoxes', gtBoxes, 'float32', [batch, null, 4]);
  const gtRows = side(op, 'gtBoxes', gtBoxes, 1);
  requireTensor(op, 'gtLabels', gtLabels, 'int32', [batch, gtRows]);
  requireTensor(op, 'gtCounts', gtCounts, 'int32', [batch]);
  requireTensor(op, 'assigned', assigned, 'int32', [batch, proposalRows]);
  const candidates = proposalRows + (addGts === 'none' ? 0 : gtRows);
  const subset = prepareSubset(op, input, input.randomKey ?? null, candidates, PURPOSE.rois);
  const coding = statistics(op, coder);

  const slots = Math.min(input.num, candidates);
  const count = batch * slots;
  const scratch = emptyTensor([batch, candidates + 2 * slots], 'int32');
  const rois = emptyTensor<Tensor2D>([count, 5]);
  const present = emptyTensor<Tensor1D>([count], 'int32');
  const labels = emptyTensor<Tensor1D>([count], 'int32');
  const matchedGt = emptyTensor<Tensor1D>([count], 'int32');
  const deltaTargets = emptyTensor<Tensor2D>([count, 4]);
  const numPos = emptyTensor<Tensor1D>([batch], 'int32');
  const numNeg = emptyTensor<Tensor1D>([batch], 'int32');

  const sizes = { proposalRows, gtRows, candidates, slots };
  const counts = [proposalCounts, ...(addGts === 'none' ? [] : [gtCounts])];
  runKernel(
    selectRoisKernel({ ...subset.spec, addGts, positivesFirst: order === 'positives-first' }),
    [assigned, ...counts, ...subset.randomKey, scratch, present, numPos, numNeg],
    { ...subset.params, ...sizes },
    [batch, 1, 1],
  );
  const { workgroups, rowSize } = foldWorkgroups(count, WORKGROUP_SIZE);
  runKernel(
    roiTargetsKernel,
    [proposals, gtBoxes, gtLabels, scratch, rois, labels, matchedGt, deltaTargets],
    { ...coding, ...sizes, background: backgroundLabel, count, rowSize },
    workgroups,
  );
  scratch.dispose();
  return { rois, present, labels, matchedGt, deltaTargets, numPos, numNeg };
}
