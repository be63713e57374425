import { emptyTensor, runKernel } from '../../tensor/kernel.ts';
import type { Tensor, Tensor1D } from '../../tensor/tf.ts';
import { sumSplits } from '../conv/row-splits.ts';
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
  runKernel(channelSumsKernel, [a, partial], { rows, channels, rowsPerChunk, chunks }, [
    Math.ceil(channels / 16),
    Math.ceil(chunks / 4),
    1,
  ]);
  return sumSplits<Tensor1D>(partial, chunks, [channels]);
}

function lastSide(tensor: Tensor): number {
  const channels = tensor.shape.at(-1);
  if (channels === undefined || channels === 0) {
    throw new Error(`channel sums: a tensor of shape [${tensor.shape.join(', ')}] has no channels`);
  }
  return channels;
}
