import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import type { BoxDecoder } from '../box-decoder/box-decoder.ts';
import { decodeCandidates } from '../decode-candidates/decode-candidates.ts';
import type { DecodeRules } from '../decode-candidates/decode-candidates.ts';
import type { Candidates } from '../keep-best/keep-best.ts';
import { filterScoresAndTopK } from '../top-k/filter-scores-and-top-k.ts';

/** Which pairs are looked at, and which of them stay. */
export interface DenseCandidatesRules extends DecodeRules {
  readonly decoder: BoxDecoder;
  readonly rankBy: 'sigmoid' | 'logit';
  /** Only sigmoids strictly above it; null: all. */
  readonly scoreThreshold: number | null;
  /** Best pairs per level. */
  readonly nmsPre: number;
}

export interface DenseCandidatesInput {
  /** Name of the op that asks, for its errors. */
  readonly op: string;
  /** float32 [B, n_l, K] per level, before the sigmoid. */
  readonly clsLogitsPerLevel: readonly Tensor[];
  /** float32 [B, n_l, 4] per level. */
  readonly bboxPredPerLevel: readonly Tensor[];
  /** float32 [B, n_l, 1] per level: logits whose sigmoids multiply the scores after the selection; null: none. */
  readonly scoreFactorsPerLevel: readonly Tensor[] | null;
  /** float32 [N, 4] anchors of all levels, or [N, 2] points for distances. */
  readonly anchors: Tensor;
  /** int32 [B, N]: 0 for an anchor that takes no part; null: all do. */
  readonly valid: Tensor | null;
  /** float32 or int32 [B, 2]: height and width of each image after resizing, without padding. */
  readonly imgShapes: Tensor;
  /** float32 [B, 2]: (width, height) of the resized over the original image; null leaves boxes in input pixels. */
  readonly scaleFactors: Tensor | null;
  readonly rules: DenseCandidatesRules;
}

/**
 * Candidates for NMS from a dense head's outputs: the best (anchor, class) pairs of each level, decoded, clipped,
 * rescaled and filtered by size. Five dispatches besides joining the levels, no readback; C = Σ over levels of
 * min(nmsPre, n_l · K) slots, level after level.
 */
export function denseCandidates(input: DenseCandidatesInput): Candidates {
  const { op, clsLogitsPerLevel, scoreFactorsPerLevel, anchors, rules } = input;
  const logits = joinLevels(op, 'clsLogitsPerLevel', clsLogitsPerLevel);
  const predictions = joinLevels(op, 'bboxPredPerLevel', input.bboxPredPerLevel);
  const batch = side(op, 'clsLogitsPerLevel', logits, 0);
  const priorCount = side(op, 'clsLogitsPerLevel', logits, 1);
  const numClasses = side(op, 'clsLogitsPerLevel', logits, 2);
  requireTensor(op, 'bboxPredPerLevel', predictions, 'float32', [batch, priorCount, 4]);
  const levelSizes = clsLogitsPerLevel.map((level) => side(op, 'clsLogitsPerLevel', level, 1));
  const top = filterScoresAndTopK({
    logits,
    levelSizes,
    scoreThreshold: rules.scoreThreshold,
    k: rules.nmsPre,
    rankBy: rules.rankBy,
    valid: input.valid,
  });
  return decodeCandidates({
    op,
    elements: top.elements,
    scores: top.scores,
    numClasses,
    priors: anchors,
    predictions,
    predictionOffset: 0,
    scoreFactors:
      scoreFactorsPerLevel === null
        ? null
        : joinLevels(op, 'scoreFactorsPerLevel', scoreFactorsPerLevel),
    imgShapes: input.imgShapes,
    scaleFactors: input.scaleFactors,
    decoder: rules.decoder,
    rules,
    slotsPerLevel: levelSizes.map((size) => Math.min(rules.nmsPre, size * numClasses)),
  });
}

function joinLevels(op: string, argument: string, levels: readonly Tensor[]): Tensor {
  for (const level of levels) requireTensor(op, argument, level, 'float32', [null, null, null]);
  return levels.length === 1 && levels[0] !== undefined ? levels[0] : tf.concat([...levels], 1);
}
