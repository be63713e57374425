import type { Tensor } from '../../tensor/tf.ts';
import { chunkRows } from './channel-sums.ts';

/** What the kernels of a group norm count with. */
export interface GroupNormSizes extends Readonly<Record<string, number>> {
  readonly images: number;
  readonly pixels: number;
  readonly channels: number;
  readonly groups: number;
  readonly perGroup: number;
  readonly rowsPerChunk: number;
  readonly chunks: number;
}

export function groupNormSizes(x: Tensor, groups: number): GroupNormSizes {
  const [images = 0, height = 0, width = 0, channels = 0] = x.shape;
  const pixels = height * width;
  return { images, pixels, channels, groups, perGroup: channels / groups, ...chunkRows(pixels) };
}

/** Workgroups of a kernel of one invocation per (channel, chunk, image). */
export function chunkGrid({ channels, chunks, images }: GroupNormSizes): [number, number, number] {
  return [Math.ceil(channels / 16), Math.ceil(chunks / 4), images];
}
