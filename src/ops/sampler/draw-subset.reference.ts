import { rng } from '../../base/rng.ts';
import type { SubsetOptions } from './draw-subset.ts';

/** Seed and step, as the tensor `randomKey` has them. */
export type RandomKey = readonly [seed: number, step: number];

/** Ascending indices of the candidates that are taken. */
export interface DrawnSubset {
  readonly positives: number[];
  readonly negatives: number[];
}

/**
 * Slow twin of the drawing of one image: candidate i has the i-th number of the stream `rng(seed, step, image, purpose)`
 * as its key (with `first`, i itself), and the smallest are taken.
 *
 * @param matched of each candidate: ≥ 0 positive, −1 negative, −2 none
 */
export function drawSubsetReference(
  matched: ArrayLike<number>,
  { num, posFraction, negPosUb = -1, mode = 'random' }: SubsetOptions,
  [seed, step]: RandomKey,
  image: number,
  purpose: number,
): DrawnSubset {
  const stream = rng(seed, step, image, purpose);
  const keys = Array.from(matched, (_, index) => (mode === 'random' ? stream.uint32() : index));
  const smallest = (wanted: number, isCandidate: (match: number) => boolean): number[] =>
    Array.from(keys.keys())
      .filter((index) => isCandidate(matched[index] ?? -2))
      .toSorted((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0))
      .slice(0, wanted)
      .toSorted((a, b) => a - b);
  const positives = smallest(Math.trunc(num * posFraction), (match) => match >= 0);
  const bound = Math.fround(Math.fround(negPosUb) * Math.max(positives.length, 1));
  const rest = num - positives.length;
  const wanted = negPosUb < 0 ? rest : Math.min(rest, Math.trunc(bound));
  return { positives, negatives: smallest(wanted, (match) => match === -1) };
}
