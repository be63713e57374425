import { decodePriorsReference } from '../box-decoder/box-decoder.reference.ts';
import type { CandidateBox } from '../keep-best/keep-best.reference.ts';
import { filterScoresAndTopKReference } from '../top-k/filter-scores-and-top-k.reference.ts';
import type { DenseCandidatesRules } from './dense-candidates.ts';

/** One image's head outputs. */
export interface HeadOutputs {
  /** [N · K], all levels. */
  readonly logits: Float32Array;
  /** [N · 4] deltas, or distances. */
  readonly deltas: Float32Array;
  /** [N] logits of the factors; null: none. */
  readonly scoreFactors?: Float32Array | null;
  /** [N] */
  readonly valid?: Int32Array | null;
  readonly levelSizes: readonly number[];
  /** [N, 4] anchors, or [N, 2] points. */
  readonly anchors: Float32Array;
  readonly numClasses: number;
  readonly imgShape: readonly [height: number, width: number];
  readonly scaleFactor: readonly [width: number, height: number] | null;
}

/** Slow twin of `denseCandidates` for one image, without its empty slots. */
export function denseCandidatesReference(
  head: HeadOutputs,
  rules: DenseCandidatesRules,
): CandidateBox[] {
  const { logits, deltas, levelSizes, anchors, numClasses, imgShape, scoreFactors = null } = head;
  const { scoreThreshold, nmsPre, rankBy, minSize, keepMinSize, label } = rules;
  const top = filterScoresAndTopKReference(logits, numClasses, levelSizes, scoreThreshold, nmsPre, {
    rankBy,
    valid: head.valid ?? null,
  });
  const [scaleX, scaleY] = head.scaleFactor ?? [1, 1];
  const decoded = decodePriorsReference(anchors, deltas, imgShape, rules.decoder);
  const isLargeEnough = (side: number) => (keepMinSize ? side >= minSize : side > minSize);
  return top.flatMap(({ elements, scores }, level) =>
    elements.flatMap((element, index) => {
      const prior = Math.floor(element / numClasses);
      const box = decoded
        .slice(prior * 4, prior * 4 + 4)
        .map((value, axis) => Math.fround(value / (axis % 2 === 0 ? scaleX : scaleY)));
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = box;
      if (minSize >= 0 && !(isLargeEnough(x2 - x1) && isLargeEnough(y2 - y1))) return [];
      const factor = scoreFactors === null ? 1 : 1 / (1 + Math.exp(-(scoreFactors[prior] ?? 0)));
      const score = Math.fround((scores[index] ?? 0) * factor);
      if (score < rules.minScore) return [];
      return [{ box, score, label: label === 'class' ? element % numClasses : level }];
    }),
  );
}
