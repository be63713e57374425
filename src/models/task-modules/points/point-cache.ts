import type { HeightWidth } from '../../../ops/anchor-valid-flags/anchor-levels.ts';
import type { PointLevel } from '../../../ops/fcos-targets/point-level.ts';
import { tf } from '../../../tensor/tf.ts';
import type { Tensor2D } from '../../../tensor/tf.ts';
import { uploadFloats } from '../../../tensor/upload.ts';
import { pointGrid } from './point-generator.ts';

/** Points of one input size, on the GPU. */
export interface PointSet {
  readonly levels: readonly PointLevel[];
  /** float32 [N, 4]: x, y in input pixels, and the stride along both axes */
  readonly points: Tensor2D;
  /** float32 [N, 2]: x, y alone */
  readonly positions: Tensor2D;
}

/** Points made once per input size and kept on the GPU. */
export class PointCache {
  readonly #strides: readonly number[];
  readonly #sets = new Map<string, PointSet>();

  /** @param strides pixels between neighbouring points, per level */
  constructor(strides: readonly number[]) {
    this.#strides = strides;
  }

  /** Points of feature maps of these sizes. */
  for(sizes: readonly HeightWidth[]): PointSet {
    const key = sizes.map(({ height, width }) => `${height}x${width}`).join(' ');
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    const { levels, points } = pointGrid(this.#strides, sizes);
    const count = points.length / 4;
    const positions = points.filter((_, i) => i % 4 < 2);
    const set = {
      levels,
      points: tf.keep(uploadFloats(points, [count, 4]).as2D(count, 4)),
      positions: tf.keep(uploadFloats(positions, [count, 2]).as2D(count, 2)),
    };
    this.#sets.set(key, set);
    return set;
  }

  dispose(): void {
    for (const { points, positions } of this.#sets.values()) tf.dispose([points, positions]);
    this.#sets.clear();
  }
}
