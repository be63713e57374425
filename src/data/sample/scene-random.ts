/** How the sample draws from base/rng: one stream of numbers per scene and purpose. */
import type { Rng } from '../../base/rng.ts';

/** Last counter of `rng(seed, scene or deck, …)`: a purpose's draws never move those of another. */
export const STREAM = { objects: 0, deck: 1, background: 2, finish: 3, shadow: 4 } as const;

/** Uniform in [low, high). */
export function between(random: Rng, low: number, high: number): number {
  return low + (high - low) * random.float();
}

/** True with probability p. */
export function chance(random: Rng, p: number): boolean {
  return random.float() < p;
}

/** One of the items. Throws RangeError when there is none. */
export function pick<T>(random: Rng, items: readonly T[]): T {
  const [item] = items.slice(random.int(0, items.length));
  if (item === undefined) throw new RangeError('pick: expected at least one item');
  return item;
}
