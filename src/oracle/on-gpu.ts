import { readIntTensor, readTensor } from '../tensor/read.ts';
import { tf } from '../tensor/tf.ts';
import type { Tensor } from '../tensor/tf.ts';
import { uploadFloats, uploadInts } from '../tensor/upload.ts';

/** Values that were on the GPU. */
export interface ReadArray {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
}

/** Computes tensors on the GPU, reads them back in their order and disposes of everything. */
export async function readOnGpu(compute: () => readonly Tensor[]): Promise<readonly ReadArray[]> {
  const tensors = tf.tidy(() => [...compute()]);
  const read = await Promise.all(
    tensors.map(async (tensor) => ({
      shape: tensor.shape,
      data: tensor.dtype === 'int32' ? await readIntTensor(tensor) : await readTensor(tensor),
    })),
  );
  tf.dispose(tensors);
  return read;
}

/** As {@link readOnGpu}, for a computation with one result. */
export async function readOneOnGpu(compute: () => Tensor): Promise<ReadArray> {
  const [read] = await readOnGpu(() => [compute()]);
  if (read === undefined) throw new Error('readOneOnGpu: nothing was computed');
  return read;
}

/** A float32 tensor of any shape; tfjs uploads empty ones too. */
export function floats(values: ArrayLike<number>, shape: readonly number[]): Tensor {
  const data = Float32Array.from(values);
  return data.length === 0 ? tf.tensor(data, [...shape], 'float32') : uploadFloats(data, shape);
}

/** An int32 tensor of any shape. */
export function ints(values: ArrayLike<number>, shape: readonly number[]): Tensor {
  const data = Int32Array.from(values);
  return data.length === 0 ? tf.tensor(data, [...shape], 'int32') : uploadInts(data, shape);
}
