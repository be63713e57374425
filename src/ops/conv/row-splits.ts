import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { splitReduceKernel } from './split-reduce.wgsl.ts';

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
export function sumSplits(partial: Tensor, splits: number, shape: readonly number[]): Tensor {
  const total = emptyTensor(shape);
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
