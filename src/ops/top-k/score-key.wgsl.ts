import type { BufferSpec, ParamSpec } from '../../tensor/kernel.ts';
import { IS_NAN } from '../box-iou/iou.wgsl.ts';
import { ORDERED_BITS } from '../ordered-bits/ordered-bits.wgsl.ts';

/** What decides which elements take part, and in which order. */
export interface ScoreKeySpec {
  /** Order by the sigmoid in float32, where distinct logits can tie, or by the logit itself. */
  readonly rankBy: 'sigmoid' | 'logit';
  /** Only sigmoids above `scoreThreshold` take part. */
  readonly threshold: boolean;
  /** A validity per anchor is bound. */
  readonly valid: boolean;
}

/** `logits`, and `valid` where it is bound. */
export function scoreBuffers({ valid }: Pick<ScoreKeySpec, 'valid'>): BufferSpec[] {
  return [
    { name: 'logits', type: 'f32', access: 'read' },
    ...(valid ? [{ name: 'valid', type: 'i32', access: 'read' } as const] : []),
  ];
}

/** Parameters of {@link scoreKey}. */
export const SCORE_PARAMS: readonly ParamSpec[] = [
  { name: 'elements', type: 'u32' },
  { name: 'numClasses', type: 'u32' },
  { name: 'scoreThreshold', type: 'f32' },
];

/**
 * `sigmoid(logit)` and `rankOf(logit)`: a u32 above 0 that orders as the scores do. Sigmoids are at most 1, so the two
 * top bits of theirs are 0, and are given up for finer histograms.
 */
export function scoreRank({ rankBy }: Pick<ScoreKeySpec, 'rankBy'>): string {
  return /* wgsl */ `${ORDERED_BITS}
fn sigmoid(logit: f32) -> f32 {
  // Without the infinity that WGSL would let a compiler assume away.
  return select(1.0 / (1.0 + exp(min(-logit, 88.0))), 0.0, logit < -88.0);
}
fn rankOf(logit: f32) -> u32 {
  return ${rankBy === 'sigmoid' ? '(bitcast<u32>(sigmoid(logit)) << 2u) | 1u' : 'orderedBits(logit)'};
}`;
}

/** `keyOf(image, element)`: the rank of an element, 0 for one that takes no part. */
export function scoreKey(spec: ScoreKeySpec): string {
  return /* wgsl */ `${IS_NAN}${scoreRank(spec)}
fn keyOf(image: u32, element: u32) -> u32 {
  let index = image * params.elements + element;
  let logit = logits[index];
  let takesPart = !isNan(logit)${spec.threshold ? ' && sigmoid(logit) > params.scoreThreshold' : ''}${
    spec.valid ? ' && valid[index / params.numClasses] != 0' : ''
  };
  return select(0u, rankOf(logit), takesPart);
}`;
}
