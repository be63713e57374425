import { activeBackend } from './backend.ts';
import type { TensorInfo } from './tf.ts';

/**
 * Reads a float32 tensor back, asynchronously. Unlike `tensor.data()` it leaves no CPU copy behind: tfjs would serve
 * that copy for ever, also after a kernel has written to the buffer in place.
 *
 * The values are those after every command recorded before the call. Not for use inside a training step.
 */
export async function readTensor(tensor: TensorInfo): Promise<Float32Array<ArrayBuffer>> {
  return new Float32Array(await readBytes(tensor));
}

/** {@link readTensor} for int32 tensors. */
export async function readIntTensor(tensor: TensorInfo): Promise<Int32Array<ArrayBuffer>> {
  return new Int32Array(await readBytes(tensor));
}

async function readBytes(tensor: TensorInfo): Promise<ArrayBuffer> {
  const elements = tensor.shape.reduce((product, side) => product * side, 1);
  if (elements === 0) return new ArrayBuffer(0);
  const backend = activeBackend();
  const source = backend.bufferOf(tensor);
  const size = elements * 4;
  const staging = backend.device.createBuffer({
    label: 'readback',
    size,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  backend.encoderForCopy().copyBufferToBuffer(source, 0, staging, 0, size);
  backend.holdUntilSubmit(tensor);
  backend.flush();
  await staging.mapAsync(GPUMapMode.READ);
  const bytes = staging.getMappedRange().slice(0);
  staging.destroy();
  return bytes;
}
