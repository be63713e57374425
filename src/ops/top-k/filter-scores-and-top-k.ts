import { emptyTensor, runKernel } from '../../tensor/kernel.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor2D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { BLOCKS, scoreCompactKernel, scoreCountKernel } from './score-filter.wgsl.ts';
import { selectTopKKernel } from './select-top-k.wgsl.ts';

export interface FilterScoresInput {
  /** float32 [B, N, K] of all levels; their sigmoids are the scores. */
  readonly logits: Tensor;
  /** Anchors of each level, in order; they add up to N. */
  readonly levelSizes: readonly number[];
  /** Only scores strictly above it pass; at least 0. */
  readonly scoreThreshold: number;
  /** At most this many of each level (`nms_pre`). */
  readonly k: number;
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
 * `filter_scores_and_topk`, with ties by the lower pair, where PyTorch leaves their order open). Three dispatches
 * whatever passes, no readback; needs 4 bytes per logit of scratch. No gradient: proposals are constants.
 */
export function filterScoresAndTopK(input: FilterScoresInput): TopScores {
  const op = 'filterScoresAndTopK';
  const { logits, levelSizes, scoreThreshold, k } = input;
  requireTensor(op, 'logits', logits, 'float32', [null, null, null]);
  const batch = side(op, 'logits', logits, 0);
  const numClasses = side(op, 'logits', logits, 2);
  const anchors = levelSizes.reduce((sum, size) => sum + size, 0);
  if (anchors !== side(op, 'logits', logits, 1)) {
    throw new Error(`${op}: levels of ${anchors} anchors do not make ${logits.shape.join(' × ')}`);
  }
  if (!(scoreThreshold >= 0)) throw new Error(`${op}: scoreThreshold must be at least 0`);
  if (!Number.isInteger(k) || k < 1) {
    throw new Error(`${op}: k must be a whole number above 0, got ${k}`);
  }
  const elements = anchors * numClasses;
  const levels = levelSizes.length;
  const slots = levelSizes.reduce((sum, size) => sum + Math.min(k, size * numClasses), 0);
  const params: Record<string, number> = { elements, scoreThreshold };
  let start = 0;
  for (const [level, size] of levelSizes.entries()) {
    params[`start${level}`] = start;
    params[`size${level}`] = size * numClasses;
    start += size * numClasses;
  }
  const blockCounts = emptyTensor([batch, levels, BLOCKS], 'int32');
  const passed = emptyTensor([batch, elements], 'int32');
  const scratch = emptyTensor([batch, slots, 2], 'int32');
  const topElements = emptyTensor<Tensor2D>([batch, slots], 'int32');
  const topScores = emptyTensor<Tensor2D>([batch, slots]);
  const blocks: [number, number, number] = [BLOCKS, levels, batch];
  runKernel(scoreCountKernel(levels), [logits, blockCounts], params, blocks);
  runKernel(scoreCompactKernel(levels), [logits, blockCounts, passed], params, blocks);
  const elementBytes = Math.ceil(Math.log2(Math.max(elements, 2)) / 8);
  runKernel(
    selectTopKKernel(levels, elementBytes),
    [logits, blockCounts, passed, scratch, topElements, topScores],
    { ...params, slots, k },
    [levels, batch, 1],
  );
  tf.dispose([blockCounts, passed, scratch]);
  return { elements: topElements, scores: topScores };
}
