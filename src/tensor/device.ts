import { UserError } from '../base/errors.ts';
import { noAdapterAdvice } from './adapter-advice.ts';

/** A GPUDevice of our own, with everything the adapter can do switched on. */
export interface GpuDevice {
  readonly device: GPUDevice;
  readonly info: GPUAdapterInfo;
  /** One line that names the adapter, e.g. `google swiftshader (SwiftShader Device)`. */
  readonly name: string;
  /** A software adapter: correct, but slow. */
  readonly isFallback: boolean;
}

/** Optional features that kernels may use when they are there; nothing depends on them. */
const WANTED_FEATURES: readonly GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query'];

/**
 * Limits that WebGPU lets a device raise to the adapter's own. The defaults (8 storage buffers per stage, 128 MiB per
 * binding) are too small for a detector: tfjs's `addN` of nine tensors silently returns garbage with them.
 */
const RAISED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
  'maxUniformBufferBindingSize',
  'maxBindingsPerBindGroup',
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/**
 * Requests an adapter and a device with all its limits and the optional features it has.
 *
 * @param gpu `navigator.gpu`, or the one of Dawn in Node; undefined where the browser has no WebGPU
 * @throws UserError `no-webgpu`, `no-adapter` or `no-device`, with what to do on this browser and system
 */
export async function requestGpuDevice(
  gpu: GPU | undefined,
  userAgent: string,
): Promise<GpuDevice> {
  if (gpu === undefined) throw noAdapterAdvice('no-webgpu', userAgent);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw noAdapterAdvice('no-adapter', userAgent);
  const requiredLimits: Record<string, number> = {};
  for (const name of RAISED_LIMITS) {
    const value = adapter.limits[name];
    if (typeof value === 'number') requiredLimits[name] = value;
  }
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({
      label: 'anchorage',
      requiredFeatures: WANTED_FEATURES.filter((feature) => adapter.features.has(feature)),
      requiredLimits,
    });
  } catch (cause) {
    throw new UserError(
      {
        code: 'no-device',
        what: 'The GPU adapter refused to make a device.',
        why: cause instanceof Error ? cause.message : String(cause),
        action: 'Close other tabs that use the GPU, or restart the browser, and try again.',
      },
      { cause },
    );
  }
  const { info } = adapter;
  const software = /swiftshader|llvmpipe|lavapipe|basic render/i;
  const words = [info.vendor, info.architecture, info.device]
    .filter((word) => word !== '')
    .join(' ');
  const name = info.description === '' ? words : `${words} (${info.description})`.trim();
  return {
    device,
    info,
    name: name === '' ? 'unnamed adapter' : name,
    isFallback: info.isFallbackAdapter || software.test(name),
  };
}
