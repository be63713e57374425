import { emptyTensor, runKernel } from '../../tensor/kernel.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor2D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { levelBlocks } from './level-blocks.wgsl.ts';
import { scoreCompactKernel } from './score-compact.wgsl.ts';
import { BINS, coarseHistogramKernel, fineHistogramKernel } from './score-histogram.wgsl.ts';
import { selectTopKKernel } from './select-top-k.wgsl.ts';

export interface FilterScoresInput {
  /** float32 [B, N, K] of all levels; their sigmoids are the scores. */
  readonly logits: Tensor;
  /** Anchors of each level, in order; they add up to N. */
  readonly levelSizes: readonly number[];
  /** Only scores strictly above it pass; at least 0. Null: all do, also those that are 0 in float32. */
  readonly scoreThreshold: number | null;
  /** At most this many of each level (`nms_pre`). */
  readonly k: number;
  /**
   * Order by the sigmoid in float32 (MMDetection; logits that differ can tie), or by the logit itself (torchvision's
   * RPN). Default 'sigmoid'.
   */
  readonly rankBy?: 'sigmoid' | 'logit';
  /** int32 [B, N]: 0 for an anchor that takes no part. Null, the default: all do. */
  readonly valid?: Tensor | null;
}

/** The best (anchor, class) pairs, level after level. C = Σ over levels of min(k, anchors · K). */
export interface TopScores {
  /** int32 [B, C]: anchor · K + class, by descending score in each level; −1 in slots that stay empty. */
  readonly elements: Tensor2D;
  /** float32 [B, C]: the sigmoids; 0 in slots that stay empty. */
  readonly scores: Tensor2D;
}

/**
 * Per image and level, the k best (anchor, class) pairs above a score threshold (MMDetection 3.x
 * `filter_scores_and_topk`, with ties by the lower pair, where PyTorch leaves their order open). NaN is never selected.
 * Four dispatches whatever passes, no readback; two histograms narrow a level down, many workgroups at once, to little
 * more than the k that one workgroup then puts in order. Needs 4 bytes per logit of scratch. No gradient: proposals are
 * constants.
 */
export function filterScoresAndTopK(input: FilterScoresInput): TopScores {
  const op = 'filterScoresAndTopK';
  const { logits, levelSizes, scoreThreshold, k, rankBy = 'sigmoid', valid = null } = input;
  requireTensor(op, 'logits', logits, 'float32', [null, null, null]);
  const batch = side(op, 'logits', logits, 0);
  const numClasses = side(op, 'logits', logits, 2);
  const anchors = levelSizes.reduce((sum, size) => sum + size, 0);
  if (anchors !== side(op, 'logits', logits, 1)) {
    throw new Error(`${op}: levels of ${anchors} anchors do not make ${logits.shape.join(' × ')}`);
  }
  if (valid !== null) requireTensor(op, 'valid', valid, 'int32', [batch, anchors]);
  if (scoreThreshold !== null && !(scoreThreshold >= 0)) {
    throw new Error(`${op}: scoreThreshold must be at least 0`);
  }
  if (!Number.isInteger(k) || k < 1) {
    throw new Error(`${op}: k must be a whole number above 0, got ${k}`);
  }
  const elements = anchors * numClasses;
  const levels = levelSizes.length;
  const sizes = levelSizes.map((size) => size * numClasses);
  const slots = sizes.reduce((sum, size) => sum + Math.min(k, size), 0);
  const { blocks, params: levelsParams } = levelBlocks(sizes);
  const params = {
    ...levelsParams,
    elements,
    numClasses,
    scoreThreshold: scoreThreshold ?? 0,
    blocks,
    slots,
    k,
  };
  const spec = { rankBy, threshold: scoreThreshold !== null, valid: valid !== null };
  const scores = valid === null ? [logits] : [logits, valid];
  const histogram = emptyTensor([batch, blocks, BINS], 'int32');
  const fineHistogram = emptyTensor([batch, blocks, BINS], 'int32');
  const cuts = emptyTensor([batch, blocks, 3], 'int32');
  const passed = emptyTensor([batch, elements], 'int32');
  const passedCounts = emptyTensor([batch, levels], 'int32');
  const scratch = emptyTensor([batch, slots, 2], 'int32');
  const topElements = emptyTensor<Tensor2D>([batch, slots], 'int32');
  const topScores = emptyTensor<Tensor2D>([batch, slots]);
  const perBlock: [number, number, number] = [blocks, batch, 1];
  runKernel(coarseHistogramKernel(levels, spec), [...scores, histogram], params, perBlock);
  runKernel(
    fineHistogramKernel(levels, spec),
    [...scores, histogram, fineHistogram, cuts],
    params,
    perBlock,
  );
  runKernel(
    scoreCompactKernel(levels, spec),
    [...scores, fineHistogram, cuts, passed, passedCounts],
    params,
    perBlock,
  );
  const elementBytes = Math.ceil(Math.log2(Math.max(elements, 2)) / 8);
  runKernel(
    selectTopKKernel(levels, elementBytes, spec),
    [logits, passed, passedCounts, scratch, topElements, topScores],
    params,
    [levels, batch, 1],
  );
  tf.dispose([histogram, fineHistogram, cuts, passed, passedCounts, scratch]);
  return { elements: topElements, scores: topScores };
}
