import type { Tensor } from '../../tensor/tf.ts';
import { requireTensor } from '../argument/require-tensor.ts';
import { BINS } from './draw-subset.wgsl.ts';
import type { SubsetSpec } from './draw-subset.wgsl.ts';

/** How many positives and negatives of an image are drawn: `RandomSampler` of MMDetection. */
export interface SubsetOptions {
  /** Positives and negatives together, at most; a number above all candidates (1e6) takes all that the others allow. */
  readonly num: number;
  /** At most trunc(num · posFraction) positives; negatives fill up. 0 … 1. */
  readonly posFraction: number;
  /**
   * At most trunc(negPosUb · max(positives, 1)) negatives, in float32 (exact for whole numbers); −1, the default, sets no
   * bound.
   */
  readonly negPosUb?: number;
  /** `random`: every subset of the wanted size alike (the default); `first`: the lowest indices. */
  readonly mode?: 'random' | 'first';
}

/** What an op that draws has its own random numbers for; so two of them draw independently by one key. */
export const PURPOSE = { anchors: 0, rois: 1 } as const;

/** The options as they shape the kernels, and as their parameters. */
export interface PreparedSubset {
  readonly spec: SubsetSpec;
  readonly params: {
    readonly num: number;
    readonly maxPos: number;
    readonly negPosUb: number;
    readonly binWidth: number;
  };
  /** The key where it is needed, to be bound. */
  readonly randomKey: readonly Tensor[];
}

/**
 * Checks the options of a drawing op.
 *
 * @param randomKey int32 [2], seed and step; only `random` needs it
 * @param candidates number of candidates of an image
 */
export function prepareSubset(
  op: string,
  { num, posFraction, negPosUb = -1, mode = 'random' }: SubsetOptions,
  randomKey: Tensor | null,
  candidates: number,
  purpose: number,
): PreparedSubset {
  if (!Number.isInteger(num) || num < 1) {
    throw new Error(`${op}: num must be a whole number above 0, got ${num}`);
  }
  if (!(posFraction >= 0 && posFraction <= 1)) {
    throw new Error(`${op}: posFraction must be 0 to 1, got ${posFraction}`);
  }
  if (Number.isNaN(negPosUb)) throw new Error(`${op}: negPosUb must be a number, got NaN`);
  const random = mode === 'random';
  if (random && randomKey === null) throw new Error(`${op}: randomKey is needed, got none`);
  if (randomKey !== null) requireTensor(op, 'randomKey', randomKey, 'int32', [2]);
  return {
    spec: { random, bounded: negPosUb >= 0, purpose },
    params: {
      num,
      maxPos: Math.trunc(num * posFraction),
      negPosUb,
      binWidth: Math.ceil(candidates / BINS),
    },
    randomKey: random && randomKey !== null ? [randomKey] : [],
  };
}
