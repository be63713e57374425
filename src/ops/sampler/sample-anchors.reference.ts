import { drawSubsetReference } from './draw-subset.reference.ts';
import type { RandomKey } from './draw-subset.reference.ts';
import { PURPOSE } from './draw-subset.ts';
import type { SubsetOptions } from './draw-subset.ts';

/** One image's result of {@link sampleAnchorsReference}. */
export interface SampledImage {
  readonly assigned: number[];
  readonly labels: number[];
  readonly numPos: number;
  readonly numNeg: number;
}

/**
 * Slow twin of `sampleAnchors`, one image.
 *
 * @param image its number in the batch
 * @param classes labels of its ground truths and K; null: one class
 */
export function sampleAnchorsReference(
  assigned: ArrayLike<number>,
  options: SubsetOptions,
  key: RandomKey,
  image: number,
  classes: { readonly gtLabels: ArrayLike<number>; readonly numClasses: number } | null,
): SampledImage {
  const { positives, negatives } = drawSubsetReference(
    assigned,
    options,
    key,
    image,
    PURPOSE.anchors,
  );
  const sampled: number[] = Array.from(assigned, () => -2);
  const labels: number[] = Array.from(assigned, () => -1);
  for (const index of positives) {
    const gt = assigned[index] ?? 0;
    sampled[index] = gt;
    labels[index] = classes?.gtLabels[gt] ?? 0;
  }
  for (const index of negatives) {
    sampled[index] = -1;
    labels[index] = classes?.numClasses ?? 1;
  }
  return {
    assigned: sampled,
    labels,
    numPos: positives.length,
    numNeg: negatives.length,
  };
}
