import type { Tensor4D } from '../../tensor/tf.ts';

/** A pyramid's map of one level; throws when there is none. */
export function atLevel(maps: readonly Tensor4D[], level: number): Tensor4D {
  const map = maps[level];
  if (map === undefined) throw new Error(`head: no map of level ${level}`);
  return map;
}
