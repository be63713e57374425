import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { sumSplitPairs } from '../conv/row-splits.ts';
import { chunkGrid, groupNormSizes } from './group-norm-sizes.ts';
import {
  groupNormGradKernel,
  groupNormGroupSumsKernel,
  groupNormSumsKernel,
} from './group-norm.wgsl.ts';

/** A map that went through a group norm, and the gradient that reached its result. */
export interface NormalisedMap {
  /** float32 [N, H, W, C] */
  readonly x: Tensor;
  /** float32 [N, groups] each */
  readonly mean: Tensor;
  readonly invStd: Tensor;
  readonly dy: Tensor;
  /** The norm's result where a ReLU follows: its mask. */
  readonly y: Tensor | undefined;
}

export interface GroupNormGradients {
  /** float32 [C] each: sums over all maps, in their order. */
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly maps: readonly {
    /** Computes the gradient of a map when it is asked for. Two dispatches. */
    readonly x: () => Tensor;
    /** dy after the ReLU's mask. */
    readonly dy: Tensor;
  }[];
}

/** Gradients of a group norm over several maps: one dispatch per map, one for all, and two for each map's own. */
export function groupNormGrad(
  maps: readonly NormalisedMap[],
  weight: Tensor,
  groups: number,
): GroupNormGradients {
  const channels = weight.size;
  const sized = maps.map((map) => ({ ...map, sizes: groupNormSizes(map.x, groups) }));
  const splits = sized.reduce((sum, { sizes }) => sum + sizes.images * sizes.chunks, 0);
  const partial = emptyTensor([splits, 2, channels]);
  let firstSplit = 0;
  const parts = sized.map(({ x, mean, invStd, dy, y, sizes }) => {
    const masked = y === undefined ? dy : emptyTensor(dy.shape);
    runKernel(
      groupNormSumsKernel(y !== undefined),
      [
        dy,
        ...(y === undefined ? [] : [y]),
        x,
        mean,
        invStd,
        partial,
        ...(y === undefined ? [] : [masked]),
      ],
      { ...sizes, firstSplit },
      chunkGrid(sizes),
    );
    const ownSplits = firstSplit;
    firstSplit += sizes.images * sizes.chunks;
    return { x, mean, invStd, masked, sizes, firstSplit: ownSplits };
  });
  // The maps' own sums are made of the same parts, before the reduction lets go of them.
  const sums = parts.map(({ sizes, firstSplit: first }) => {
    const count = sizes.images * groups;
    const perGroup = emptyTensor([sizes.images, groups, 2]);
    runKernel(
      groupNormGroupSumsKernel,
      [partial, weight, perGroup],
      { ...sizes, count, firstSplit: first },
      [Math.ceil(count / 16), 1, 1],
    );
    return perGroup;
  });
  const [bias, dWeight] = sumSplitPairs(partial, splits, [channels], [channels]);
  return {
    weight: dWeight,
    bias,
    maps: parts.map(({ x, mean, invStd, masked, sizes }, map) => ({
      dy: masked,
      x() {
        const dx = emptyTensor(x.shape);
        const { workgroups, rowSize } = foldWorkgroups(dx.size, 64);
        const own = sums[map];
        if (own === undefined) throw new Error('groupNormGrad: no sums');
        runKernel(
          groupNormGradKernel,
          [masked, x, mean, invStd, weight, own, dx],
          { ...sizes, count: dx.size, rowSize },
          workgroups,
        );
        return dx;
      },
    })),
  };
}
