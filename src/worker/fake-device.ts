import type { DeviceReport } from './protocol.ts';

const CASES = [
  'conv2d forward',
  'conv2d gradient',
  'focal loss gradient',
  'nms',
  'top-k ties',
  'sgd step',
];

function report(
  adapter: string,
  isFallback: boolean,
  failed: readonly string[] = [],
): DeviceReport {
  return {
    available: true,
    adapter,
    vendor: isFallback ? 'google' : 'apple',
    architecture: isFallback ? 'swiftshader' : 'metal-3',
    isFallback,
    features: isFallback ? ['subgroups'] : ['shader-f16', 'subgroups', 'timestamp-query'],
    limits: {
      maxBufferSize: 4_294_967_296,
      maxStorageBufferBindingSize: 4_294_967_292,
      maxComputeWorkgroupStorageSize: 32_768,
    },
    selfTest: {
      passed: CASES.length - failed.length,
      failed: failed.length,
      cases: CASES.map((name, position) => ({
        name,
        ok: !failed.includes(name),
        detail: failed.includes(name)
          ? 'largest difference 0.41, allowed 1e-4'
          : 'largest difference 2.1e-7',
        ms: 3 + position * 2.5,
      })),
    },
  };
}

/** Devices that people have: a good one, a software one, one that computes wrongly, and none. */
export const FAKE_DEVICES = {
  gpu: report('apple m2 (Apple M2)', false),
  software: report('google swiftshader (SwiftShader Device)', true),
  wrong: report('acme g1 (Acme Driver 1.0)', false, ['conv2d gradient']),
  none: {
    ...report('', false),
    available: false,
    vendor: '',
    architecture: '',
    features: [],
    limits: {},
    selfTest: { passed: 0, failed: 0, cases: [] },
    problem: {
      code: 'no-adapter',
      what: 'WebGPU found no graphics adapter.',
      why: 'Chrome on Linux switches WebGPU on by default only for newer Intel GPUs.',
      action:
        'Open chrome://flags, enable #enable-unsafe-webgpu and #enable-vulkan (and #ignore-gpu-blocklist if it still fails), and restart; or start Chrome with --enable-unsafe-webgpu --enable-features=Vulkan.',
      params: { platform: 'chrome-linux' },
    },
  },
} as const satisfies Readonly<Record<string, DeviceReport>>;
