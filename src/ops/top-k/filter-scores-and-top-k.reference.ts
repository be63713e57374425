/** One image's best pairs, level after level, without the empty slots' padding. */
export interface TopScoresOfLevel {
  readonly elements: number[];
  readonly scores: number[];
}

/** Slow twin of `filterScoresAndTopK` for one image: one entry per level, scores in float32. */
export function filterScoresAndTopKReference(
  logits: Float32Array,
  numClasses: number,
  levelSizes: readonly number[],
  scoreThreshold: number,
  k: number,
): TopScoresOfLevel[] {
  const scores = logits.map((logit) => 1 / (1 + Math.exp(-logit)));
  let start = 0;
  return levelSizes.map((size) => {
    const elements = Array.from({ length: size * numClasses }, (_, index) => start + index)
      .filter((element) => (scores[element] ?? 0) > Math.fround(scoreThreshold))
      .toSorted((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b)
      .slice(0, k);
    start += size * numClasses;
    return { elements, scores: elements.map((element) => scores[element] ?? 0) };
  });
}
