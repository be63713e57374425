import { tf } from '../tf.ts';
import type { TensorInfo } from '../tf.ts';

/** A tfjs kernel of ours: named inputs and attributes as tfjs passes them. */
export type KernelFunction = (args: {
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly attrs: Readonly<Record<string, unknown>>;
}) => TensorInfo;

/** Registers `run` as the WebGPU kernel of a tfjs op, in place of tfjs's own or of an earlier one of ours. */
export function replaceKernel(kernelName: string, run: KernelFunction): void {
  if (tf.getKernel(kernelName, 'webgpu') !== undefined) tf.unregisterKernel(kernelName, 'webgpu');
  tf.registerKernel({
    kernelName,
    backendName: 'webgpu',
    kernelFunc: ({ inputs, attrs }) => run({ inputs: present(inputs), attrs: attrs ?? {} }),
  });
}

function present(inputs: tf.NamedTensorInfoMap): Record<string, TensorInfo> {
  const result: Record<string, TensorInfo> = {};
  for (const [name, tensor] of Object.entries(inputs))
    if (tensor !== undefined) result[name] = tensor;
  return result;
}

/** The input of that name; throws when the op was called without it. */
export function input(inputs: Readonly<Record<string, TensorInfo>>, name: string): TensorInfo {
  const tensor = inputs[name];
  if (tensor === undefined) throw new Error(`tfjs kernel: input ${name} is missing`);
  return tensor;
}

/** WGSL type of a tensor's elements in its buffer. */
export function elementType({ dtype }: TensorInfo): 'f32' | 'i32' {
  return dtype === 'float32' ? 'f32' : 'i32';
}
