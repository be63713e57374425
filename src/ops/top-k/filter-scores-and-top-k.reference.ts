const { fround } = Math;

/** One image's best pairs, level after level, without the empty slots' padding. */
export interface TopScoresOfLevel {
  readonly elements: number[];
  readonly scores: number[];
}

/** What may be left out of {@link filterScoresAndTopKReference}. */
export interface TopKRules {
  readonly rankBy?: 'sigmoid' | 'logit';
  /** [N] */
  readonly valid?: Int32Array | null;
}

/** Slow twin of `filterScoresAndTopK` for one image: one entry per level, scores in float32. */
export function filterScoresAndTopKReference(
  logits: Float32Array,
  numClasses: number,
  levelSizes: readonly number[],
  scoreThreshold: number | null,
  k: number,
  { rankBy = 'sigmoid', valid = null }: TopKRules = {},
): TopScoresOfLevel[] {
  // In float32, as PyTorch: above 17 all sigmoids are 1.
  const scores = logits.map((logit) => 1 / fround(1 + fround(Math.exp(-logit))));
  const ranks = rankBy === 'sigmoid' ? scores : logits;
  const takesPart = (element: number) =>
    !Number.isNaN(scores[element]) &&
    (valid?.[Math.floor(element / numClasses)] ?? 1) !== 0 &&
    (scoreThreshold === null || (scores[element] ?? 0) > Math.fround(scoreThreshold));
  // Infinity − Infinity is NaN, so no difference.
  const compare = (a: number, b: number) => (a === b ? 0 : a > b ? -1 : 1);
  let start = 0;
  return levelSizes.map((size) => {
    const elements = Array.from({ length: size * numClasses }, (_, index) => start + index)
      .filter(takesPart)
      .toSorted((a, b) => compare(ranks[a] ?? 0, ranks[b] ?? 0) || a - b)
      .slice(0, k);
    start += size * numClasses;
    return { elements, scores: elements.map((element) => scores[element] ?? 0) };
  });
}
