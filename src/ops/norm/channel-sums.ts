import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor, Tensor1D, Tensor2D } from '../../tensor/tf.ts';
import { splitReduceKernel } from '../conv/split-reduce.wgsl.ts';
import { channelSumsKernel } from './channel-sums.wgsl.ts';

/** Rows per chunk: long enough that the second stage is short, short enough that a GPU has work. */
export function chunkRows(rows: number): {
  readonly rowsPerChunk: number;
  readonly chunks: number;
} {
  const rowsPerChunk = Math.max(16, Math.ceil(rows / 256));
  return { rowsPerChunk, chunks: Math.max(1, Math.ceil(rows / rowsPerChunk)) };
}

/** Σ over all but the last dimension of `a` [..., C] → [C]. Fixed order, no atomics. */
export function channelSums(a: Tensor): Tensor1D {
  const channels = lastSide(a);
  const rows = a.size / channels;
  const { rowsPerChunk, chunks } = chunkRows(rows);
  const partial = emptyTensor([chunks, channels]);
  runKernel(channelSumsKernel('value'), [a, partial], { rows, channels, rowsPerChunk, chunks }, [
    Math.ceil(channels / 16),
    Math.ceil(chunks / 4),
    1,
  ]);
  const total = reduceChunks<Tensor1D>(partial, chunks, [channels]);
  partial.dispose();
  return total;
}

/**
 * Σ dy and Σ dy·(x − mean)·invStd over all but the last dimension → [2, C]: the gradients of a batch norm's bias and
 * weight.
 */
export function normalisedSums(dy: Tensor, x: Tensor, mean: Tensor, invStd: Tensor): Tensor2D {
  const channels = lastSide(dy);
  const rows = dy.size / channels;
  const { rowsPerChunk, chunks } = chunkRows(rows);
  const partial = emptyTensor([chunks, 2, channels]);
  runKernel(
    channelSumsKernel('value-and-normalised'),
    [dy, x, mean, invStd, partial],
    { rows, channels, rowsPerChunk, chunks },
    [Math.ceil(channels / 16), Math.ceil(chunks / 4), 1],
  );
  const total = reduceChunks<Tensor2D>(partial, chunks, [2, channels]);
  partial.dispose();
  return total;
}

/** Adds the chunks of `partial` [chunks, …shape] in ascending order. */
function reduceChunks<T extends Tensor>(
  partial: Tensor,
  chunks: number,
  shape: readonly number[],
): T {
  const total = emptyTensor<T>(shape);
  const count = total.size;
  const { workgroups, rowSize } = foldWorkgroups(count, 64);
  runKernel(splitReduceKernel, [partial, total], { count, rowSize, splits: chunks }, workgroups);
  return total;
}

function lastSide(tensor: Tensor): number {
  const channels = tensor.shape.at(-1);
  if (channels === undefined || channels === 0) {
    throw new Error(`channel sums: a tensor of shape [${tensor.shape.join(', ')}] has no channels`);
  }
  return channels;
}
