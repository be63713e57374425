import { nhwcToNchw } from '../../ops/oracle/nchw.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import type { AnchorLevel } from '../../ops/anchor-valid-flags/anchor-levels.ts';
import { readOnGpu } from '../on-gpu.ts';
import type { ReadArray } from '../on-gpu.ts';
import type { FoundBoxes, PlainArray } from './model-under-test.ts';

/** Computes groups of tensors on the GPU and reads them back under their names. */
export async function readGroups<K extends string>(
  compute: () => Readonly<Record<K, readonly Tensor[]>>,
): Promise<(key: K) => readonly ReadArray[]> {
  const lengths = new Map<string, readonly [start: number, end: number]>();
  const read = await readOnGpu(() => {
    const all: Tensor[] = [];
    for (const [key, tensors] of Object.entries<readonly Tensor[]>(compute())) {
      lengths.set(key, [all.length, all.length + tensors.length]);
      // A tensor may be in two groups, but is disposed of once.
      all.push(...tensors.map((tensor) => tf.clone(tensor)));
    }
    return all;
  });
  return (key) => read.slice(...(lengths.get(key) ?? [0, 0]));
}

/** A feature map in PyTorch's order. */
export function plainMap(map: ReadArray): PlainArray {
  return nhwcToNchw(map);
}

/** A head's rows of one level, [B, H · W · A, K], as the map [B, A · K, H, W] of PyTorch. */
export function plainHead(rows: ReadArray, { height, width }: AnchorLevel): PlainArray {
  const [batch = 0] = rows.shape;
  const channels = rows.data.length / (batch * height * width);
  return nhwcToNchw({ shape: [batch, height, width, channels], data: rows.data });
}

/** Anchors level by level. */
export function anchorsPerLevel(
  anchors: ReadArray,
  levels: readonly AnchorLevel[],
): readonly ArrayLike<number>[] {
  return levels.map(({ start, height, width, perCell }) =>
    anchors.data.subarray(start * 4, (start + height * width * perCell) * 4),
  );
}

/** Padded boxes [B, M, 4], scores, labels [B, M] and counts [B], image by image. */
export function foundBoxes([boxes, scores, labels, counts]: readonly ReadArray[]): FoundBoxes[] {
  if (!boxes || !scores || !labels || !counts) throw new Error('foundBoxes: four arrays');
  const room = scores.data.length / counts.data.length;
  return Array.from(counts.data, (count, image) => {
    const from = image * room;
    return {
      boxes: boxes.data.subarray(from * 4, (from + count) * 4),
      scores: scores.data.subarray(from, from + count),
      labels: labels.data.subarray(from, from + count),
    };
  });
}
