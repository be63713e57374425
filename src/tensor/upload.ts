import { activeBackend } from './backend.ts';
import { emptyTensor } from './kernel.ts';
import type { Tensor } from './tf.ts';

/**
 * Uploads bytes as an opaque int32 tensor of ceil(n/4) words, for kernels that unpack them. tfjs ops must not read it:
 * their shaders would round the words to floats.
 */
export function uploadBytes(bytes: Uint8Array<ArrayBuffer>): Tensor {
  if (bytes.length % 4 !== 0)
    throw new Error(`uploadBytes: ${bytes.length} bytes are not whole words`);
  return uploadWords(bytes, [bytes.length / 4], 'int32');
}

/** Uploads float32 values into a fresh tensor in one write. */
export function uploadFloats(values: Float32Array<ArrayBuffer>, shape: readonly number[]): Tensor {
  return uploadWords(values, shape, 'float32');
}

/** Uploads int32 values; exact for the whole range, for use by our kernels. */
export function uploadInts(values: Int32Array<ArrayBuffer>, shape: readonly number[]): Tensor {
  return uploadWords(values, shape, 'int32');
}

function uploadWords(
  data: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>,
  shape: readonly number[],
  dtype: 'float32' | 'int32',
): Tensor {
  const tensor = emptyTensor(shape, dtype);
  const backend = activeBackend();
  // The buffer may be a recycled one only after the commands that used it were submitted, so a queue write now comes
  // after all of them and before everything recorded from here on.
  backend.device.queue.writeBuffer(backend.bufferOf(tensor), 0, data);
  return tensor;
}

/** Overwrites a tensor's values; commands recorded before the call still see the old ones. */
export function overwrite(
  tensor: Tensor,
  values: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>,
): void {
  const backend = activeBackend();
  // First the buffer: a tensor not yet uploaded may record a copy of its old values, which must not come after the write.
  const buffer = backend.bufferOf(tensor);
  backend.flush();
  backend.device.queue.writeBuffer(buffer, 0, values);
}
