import { totalAnchors } from '../../../ops/anchor-valid-flags/anchor-levels.ts';
import type { AnchorLevel } from '../../../ops/anchor-valid-flags/anchor-levels.ts';

/** Base anchors shifted to every cell of every level, [N, 4]; each sum is rounded to float32 once. */
export function placeAnchors(
  levels: readonly AnchorLevel[],
  bases: readonly Float32Array[],
): Float32Array<ArrayBuffer> {
  const anchors = new Float32Array(totalAnchors(levels) * 4);
  for (const [index, level] of levels.entries()) {
    const base = bases[index] ?? new Float32Array();
    let at = level.start * 4;
    for (let y = 0; y < level.height; y++) {
      for (let x = 0; x < level.width; x++) {
        for (let i = 0; i < base.length; i++) {
          const shift = i % 2 === 0 ? x * level.strideX : y * level.strideY;
          anchors[at++] = (base[i] ?? 0) + shift;
        }
      }
    }
  }
  return anchors;
}
