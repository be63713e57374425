import type { GpuDevice } from './device.ts';

/** What a device says of itself, for the device page and for `doctor`. */
export interface DeviceDescription {
  /** One line, e.g. `google swiftshader (SwiftShader Device)`. */
  readonly adapter: string;
  readonly vendor: string;
  readonly architecture: string;
  /** A software adapter: correct, but slow. */
  readonly isFallback: boolean;
  /** Features switched on, sorted. */
  readonly features: readonly string[];
  /** The limits that decide what fits, in bytes or counts. */
  readonly limits: Readonly<Record<string, number>>;
}

/** Limits that a detector can run into; the others are about drawing. */
const SHOWN_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupsPerDimension',
  'maxUniformBufferBindingSize',
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/** Describes a started device: adapter, features and limits as they are in force, not as the adapter could give them. */
export function describeDevice({ device, info, name, isFallback }: GpuDevice): DeviceDescription {
  const limits: Record<string, number> = {};
  for (const limit of SHOWN_LIMITS) {
    const value = device.limits[limit];
    if (typeof value === 'number') limits[limit] = value;
  }
  return {
    adapter: name,
    vendor: info.vendor,
    architecture: info.architecture,
    isFallback,
    features: [...device.features].toSorted(),
    limits,
  };
}
