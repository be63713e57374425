import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { UserError } from '../base/errors.ts';
import { tf } from './tf.ts';
import type { TensorInfo } from './tf.ts';

/**
 * The members of WebGPUBackend 4.22 that its typings hide and that our kernels need, so that custom dispatches share
 * tfjs's open compute pass, its deferred submit and its disposal rules. Named in one place; `backend.gpu.test.ts` fails
 * if a tfjs update renames one.
 */
interface BackendInternals {
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  dispatchCountInPass: number;
  commandQueueOwnedIds: WeakSet<object>;
  makeUniforms(fields: UniformField[]): GPUBufferBinding;
  tensorToBinding(tensor: TensorInfo): GPUBufferBinding;
}

/** One 4-byte field of a kernel's parameter struct, in declaration order. */
export interface UniformField {
  readonly type: 'int32' | 'uint32' | 'float32';
  readonly data: number[];
}

/** Everything needed to record one dispatch. Buffers are bound in order from 0; the parameter struct comes last. */
export interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly tensors: readonly TensorInfo[];
  readonly uniforms: readonly UniformField[];
  readonly workgroups: readonly [number, number, number];
}

/** int32 above this loses bits: tfjs's shaders read int32 tensors as f32. */
const LARGEST_SAFE_INT = 2 ** 24;

/**
 * tfjs's WebGPU backend with our dispatch path beside its own, and with its silent traps made loud:
 * synchronous reads throw (they return zeros and lose the device in headless Chromium), and so does uploading an int32
 * that its shaders would round.
 */
export class AnchorageBackend extends WebGPUBackend {
  /** What the adapter says of itself; decides which kernel variants pay. */
  readonly info: GPUAdapterInfo;

  constructor(device: GPUDevice, info: GPUAdapterInfo) {
    super(device, info);
    this.info = info;
  }

  private get internals(): BackendInternals {
    return this as unknown as BackendInternals;
  }

  /** Records one dispatch into tfjs's open pass; it is submitted with tfjs's next deferred submit. */
  dispatch({ pipeline, tensors, uniforms, workgroups }: Dispatch): void {
    for (const tensor of tensors) this.uploadToGPU(tensor.dataId);
    const own = this.internals;
    const resources: GPUBufferBinding[] = tensors.map((tensor) => own.tensorToBinding(tensor));
    if (uniforms.length > 0)
      resources.push(own.makeUniforms(uniforms.map((field) => ({ ...field }))));
    const bindGroup = this.device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: resources.map((resource, binding) => ({ binding, resource })),
    });
    for (const tensor of tensors) own.commandQueueOwnedIds.add(tensor.dataId);
    this.ensureCommandEncoderReady();
    own.computePassEncoder ??= own.commandEncoder?.beginComputePass() ?? null;
    const pass = own.computePassEncoder;
    if (pass === null) throw new Error('AnchorageBackend.dispatch: no command encoder');
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(...workgroups);
    own.dispatchCountInPass += 1;
    if (own.dispatchCountInPass >= tf.env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE'))
      this.flush();
  }

  /** Submits what has been recorded so far; returns at once. */
  flush(): void {
    if (this.internals.commandEncoder === null) return;
    this.endComputePassEncoder();
    this.submitQueue();
  }

  /** The GPUBuffer behind a tensor, uploaded if need be. Exact-size; owned by the backend. */
  bufferOf(tensor: TensorInfo): GPUBuffer {
    this.uploadToGPU(tensor.dataId);
    return this.internals.tensorToBinding(tensor).buffer;
  }

  /** Keeps a tensor's buffer from being recycled before the commands recorded so far are submitted. */
  holdUntilSubmit(tensor: TensorInfo): void {
    this.internals.commandQueueOwnedIds.add(tensor.dataId);
  }

  /** Ends the open pass and gives the encoder, for copies that must keep their place among the dispatches. */
  encoderForCopy(): GPUCommandEncoder {
    this.ensureCommandEncoderReady();
    this.endComputePassEncoder();
    const encoder = this.internals.commandEncoder;
    if (encoder === null) throw new Error('AnchorageBackend.encoderForCopy: no command encoder');
    return encoder;
  }

  override write(...args: Parameters<WebGPUBackend['write']>): ReturnType<WebGPUBackend['write']> {
    const [values, , dtype] = args;
    if (dtype === 'int32' && values instanceof Int32Array) {
      for (const value of values) {
        if (value > LARGEST_SAFE_INT || value < -LARGEST_SAFE_INT) {
          throw new UserError({
            code: 'int32-too-large',
            what: `An int32 tensor holds ${value}, which tfjs's shaders would round to a float.`,
            action: 'Keep such values in a kernel’s own buffer, or split them.',
          });
        }
      }
    }
    return super.write(...args);
  }

  override readSync(): never {
    throw new UserError({
      code: 'sync-read',
      what: 'A tensor was read synchronously (dataSync, arraySync or an op that needs it).',
      why: 'Synchronous reads stall the GPU, and return zeros in some browsers.',
      action: 'Use readTensor (asynchronous), and not inside a training step.',
    });
  }
}

/** The active backend, which is always ours once {@link startTensors} has run. */
export function activeBackend(): AnchorageBackend {
  const backend = tf.backend();
  if (!(backend instanceof AnchorageBackend)) {
    throw new Error(
      `activeBackend: the tensor backend is ${tf.getBackend()}; call startTensors first`,
    );
  }
  return backend;
}
