import { encodeReference, four } from '../delta-coder/delta-coder.reference.ts';
import { drawSubsetReference } from '../sampler/draw-subset.reference.ts';
import type { RandomKey } from '../sampler/draw-subset.reference.ts';
import { PURPOSE } from '../sampler/draw-subset.ts';
import type { SampleRoisOptions } from './sample-rois.ts';

/** One image for {@link sampleRoisReference}. */
export interface RoiImage {
  /** Only the real proposals, [P, 4]. */
  readonly proposals: Float32Array;
  /** Only the real ground truths, [G, 4]. */
  readonly gtBoxes: Float32Array;
  readonly gtLabels: Int32Array;
  readonly assigned: readonly number[];
}

/** One image's slots. */
export interface RoiSlots {
  readonly rois: number[];
  readonly present: number[];
  readonly labels: number[];
  readonly matchedGt: number[];
  readonly deltaTargets: number[];
  readonly numPos: number;
  readonly numNeg: number;
}

/** Slow twin of `sampleRois`, one image; `index` is its number in the batch, and `slots` how many it has. */
export function sampleRoisReference(
  { proposals, gtBoxes, gtLabels, assigned }: RoiImage,
  options: SampleRoisOptions,
  key: RandomKey,
  index: number,
  slots: number,
): RoiSlots {
  const { addGts, order, numClasses, backgroundLabel = numClasses, coder = {} } = options;
  const own = assigned.map((match, row) => ({ box: four(proposals, row), match }));
  const gts = Array.from(gtLabels, (_, row) => ({ box: four(gtBoxes, row), match: row }));
  const candidates = { first: [...gts, ...own], last: [...own, ...gts], none: own }[addGts];
  const matches = candidates.map(({ match }) => match);
  const drawn = drawSubsetReference(matches, options, key, index, PURPOSE.rois);
  const taken = [...drawn.positives, ...drawn.negatives];
  if (order === 'index') taken.sort((a, b) => a - b);
  const chosen = taken.flatMap((candidate) => candidates.slice(candidate, candidate + 1));
  const empty = slots - chosen.length;
  const filled = <T>(values: readonly T[], filler: T): T[] => [
    ...values,
    ...Array.from({ length: empty }, () => filler),
  ];
  return {
    rois: filled(
      chosen.map(({ box }) => [index, ...box]),
      [0, 0, 0, 0, 0],
    ).flat(),
    present: filled(
      chosen.map(() => 1),
      0,
    ),
    labels: filled(
      chosen.map(({ match }) => (match < 0 ? backgroundLabel : (gtLabels[match] ?? -1))),
      -1,
    ),
    matchedGt: filled(
      chosen.map(({ match }) => match),
      -2,
    ),
    deltaTargets: filled(
      chosen.map(({ box, match }) =>
        match < 0 ? [0, 0, 0, 0] : encodeReference(box, 0, gtBoxes, match, coder),
      ),
      [0, 0, 0, 0],
    ).flat(),
    numPos: drawn.positives.length,
    numNeg: drawn.negatives.length,
  };
}
