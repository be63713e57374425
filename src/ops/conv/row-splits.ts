import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { splitReduceKernel, splitReducePairKernel } from './split-reduce.wgsl.ts';

/** Workgroups that keep any adapter busy; fewer are split along the output rows. */
const BUSY_WORKGROUPS = 32;

/** Into how many runs of `rowsPerSplit` output rows a weight gradient of `workgroups` workgroups is cut: 1 … 64. */
export function rowSplits(
  workgroups: number,
  rows: number,
): { readonly splits: number; readonly rowsPerSplit: number } {
  const wanted = Math.max(1, Math.min(rows, 64, Math.ceil(BUSY_WORKGROUPS / workgroups)));
  const rowsPerSplit = Math.ceil(rows / wanted);
  return { splits: Math.ceil(rows / rowsPerSplit), rowsPerSplit };
}

/** Adds the splits of `partial` [splits, …shape] in ascending order, and disposes of it. One dispatch. */
export function sumSplits<T extends Tensor = Tensor>(
  partial: Tensor,
  splits: number,
  shape: readonly number[],
): T {
  const total = emptyTensor<T>(shape);
  const { workgroups, rowSize } = foldWorkgroups(total.size, 64);
  runKernel(
    splitReduceKernel,
    [partial, total],
    { count: total.size, rowSize, splits },
    workgroups,
  );
  partial.dispose();
  return total;
}

/**
 * Adds the splits of `partial` [splits, …first, …second], where each split holds the parts of two tensors one after the
 * other, in ascending order, and disposes of it. One dispatch.
 */
export function sumSplitPairs(
  partial: Tensor,
  splits: number,
  firstShape: readonly number[],
  secondShape: readonly number[],
): readonly [first: Tensor, second: Tensor] {
  const first = emptyTensor(firstShape);
  const second = emptyTensor(secondShape);
  const count = first.size + second.size;
  const { workgroups, rowSize } = foldWorkgroups(count, 64);
  runKernel(
    splitReducePairKernel,
    [partial, first, second],
    { count, firstCount: first.size, rowSize, splits },
    workgroups,
  );
  partial.dispose();
  return [first, second];
}
