import type { ErrorDetails } from '../base/errors.ts';
import { AnchorageBackend } from './backend.ts';
import { requestGpuDevice } from './device.ts';
import type { GpuDevice } from './device.ts';
import { installOverrides } from './overrides/install.ts';
import { tf } from './tf.ts';

export interface TensorHost {
  readonly gpu: GpuDevice;
  readonly backend: AnchorageBackend;
  /** Releases the backend and destroys the device. */
  dispose(): void;
}

/**
 * Starts tensors on a device of our own and makes them tfjs's active backend.
 *
 * @param onDeviceError called for `uncapturederror` and for `device.lost` (not after `dispose`); whoever runs a training
 *   must stop it, since nothing computed afterwards can be trusted
 */
export async function startTensors(
  gpu: GPU | undefined,
  userAgent: string,
  onDeviceError: (error: ErrorDetails) => void,
): Promise<TensorHost> {
  const own = await requestGpuDevice(gpu, userAgent);
  const { device } = own;
  let disposed = false;
  device.addEventListener('uncapturederror', (event) => {
    onDeviceError({
      code: 'gpu-error',
      what: 'The GPU reported an error.',
      why: event.error.message,
      action: 'Stop and reload the page; if it comes again, report it with the adapter’s name.',
    });
  });
  void device.lost.then((info) => {
    if (disposed) return;
    onDeviceError({
      code: 'device-lost',
      what: 'The GPU device was lost.',
      why: info.message === '' ? 'The driver was reset or ran out of memory.' : info.message,
      action:
        'Reload the page and load the last checkpoint; lower the image or batch size if it comes again.',
    });
  });
  setFlags();
  // Absent after an earlier host was disposed of.
  if (tf.findBackendFactory('webgpu') !== null) tf.removeBackend('webgpu');
  const backend = new AnchorageBackend(device, own.info);
  tf.registerBackend('webgpu', () => backend, 3);
  if (!(await tf.setBackend('webgpu'))) throw new Error('startTensors: tfjs refused the backend');
  installOverrides();
  return {
    gpu: own,
    backend,
    dispose() {
      disposed = true;
      // A newer host may have taken its place already.
      if (tf.findBackend('webgpu') === backend) tf.removeBackend('webgpu');
      device.destroy();
    },
  };
}

function setFlags(): void {
  const env = tf.env();
  // Small ops on host data would otherwise run on the CPU and upload, in an order that depends on sizes.
  env.set('WEBGPU_CPU_FORWARD', false);
  // 3 = the packed program only: the split-K one adds floats atomically, in a different order each run.
  env.set('WEBGPU_MATMUL_PROGRAM_TYPE', 3);
  // tfjs submits every 15 dispatches; a submit costs more than it gains.
  env.set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', 64);
}
