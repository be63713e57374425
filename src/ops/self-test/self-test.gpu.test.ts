import { describe, expect, test } from 'vitest';
import type { ErrorDetails } from '../../base/errors.ts';
import { describeDevice } from '../../tensor/device-report.ts';
import { startTensors } from '../../tensor/start.ts';
import type { TensorHost } from '../../tensor/start.ts';
import { tf } from '../../tensor/tf.ts';
import type { DeviceReport } from '../../worker/protocol.ts';
import { KNOWN_ANSWERS } from './known-answers.ts';
import { runSelfTest } from './self-test.ts';

/** Runs `body` on a device of its own, whose kernels may be spoilt before they are compiled. */
async function withHost(
  spoil: (label: string, code: string) => string,
  body: (host: TensorHost, errors: ErrorDetails[]) => Promise<void>,
): Promise<void> {
  const errors: ErrorDetails[] = [];
  const host = await startTensors(navigator.gpu, navigator.userAgent, (error) =>
    errors.push(error),
  );
  const { device } = host.gpu;
  const create = device.createShaderModule.bind(device);
  Object.defineProperty(device, 'createShaderModule', {
    value: (descriptor: GPUShaderModuleDescriptor) =>
      create({ ...descriptor, code: spoil(descriptor.label ?? '', descriptor.code) }),
  });
  try {
    await body(host, errors);
  } finally {
    host.dispose();
  }
}

const asIs = (_label: string, code: string): string => code;

describe('self-test', () => {
  test('passes on a right adapter, quickly, and leaves no tensors behind (webgpu)', async ({
    task,
  }) => {
    Object.assign(task.meta, { backend: 'webgpu' });
    await withHost(asIs, async (host, errors) => {
      const before = tf.memory().numTensors;
      const start = performance.now();
      const selfTest = await runSelfTest();
      const ms = performance.now() - start;
      expect(selfTest.cases.filter(({ ok }) => !ok)).toEqual([]);
      expect(selfTest).toMatchObject({ passed: KNOWN_ANSWERS.length, failed: 0 });
      expect(tf.memory().numTensors).toBe(before);
      expect(errors).toEqual([]);
      console.warn(
        `self-test: ${ms.toFixed(0)} ms; ${selfTest.cases.map((c) => `${c.name} ${c.ms.toFixed(0)}`).join(', ')}`,
      );
      // A wide bound: other tests may be running beside this one.
      expect(ms).toBeLessThan(8000);
      // The report of the protocol is this one.
      const report: DeviceReport = { ...describeDevice(host.gpu), available: true, selfTest };
      expect(report.adapter).toBe(host.gpu.name);
      expect(report.features).toEqual([...report.features].toSorted());
      expect(report.limits['maxBufferSize']).toBe(host.gpu.device.limits.maxBufferSize);
      expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    });
  });

  /** A fault planted in one kernel, and the cases that must find it. */
  const FAULTS: readonly (readonly [
    kernel: string,
    from: string,
    to: string,
    found: readonly string[],
  ])[] = [
    ['max_pool', 'value > best', 'value >= best', ['max pooling and its gradient']],
    ['max_pool_grad', 'sum += dy[at]', 'sum = dy[at]', ['max pooling and its gradient']],
    ['merge_moments', '(count - 1.0)', 'count', ['batch norm and its gradients']],
    ['relu_grad', 'y[index] > 0.0', 'y[index] >= 0.0', ['gradient of a ReLU']],
    ['batch_norm_sums_masked', 'y[index] > ', 'y[index] >= ', ['batch norm and its gradients']],
    [
      'split_reduce_pair',
      'split < params.splits',
      'split + 1u < params.splits',
      ['convolution gradients', 'batch norm and its gradients'],
    ],
    [
      'conv2d_weight_transpose',
      'tap * params.inChannels + ci',
      'tap * params.inChannels',
      ['convolution gradients'],
    ],
    [
      'grad_norm',
      '0x7f800000u)',
      '0x7f800001u)',
      ['optimiser step, and none on a gradient that is not a number'],
    ],
    [
      'sgd',
      'params.momentum * state[at] + g',
      'params.momentum * state[at] - g',
      ['optimiser step, and none on a gradient that is not a number'],
    ],
    [
      'upsample_add',
      'params.smallWidth / params.width',
      'params.smallWidth / params.height',
      ['upsampling and its gradient'],
    ],
    ['channel_sums', 'row < last', 'row + 1u < last', ['sums over many rows']],
  ];

  test.each(FAULTS)('reports a fault in %s: %s → %s (webgpu)', async (kernel, from, to, found) => {
    let planted = 0;
    const spoil = (label: string, code: string): string => {
      if (label !== kernel) return code;
      planted += 1;
      expect(code).toContain(from);
      return code.replaceAll(from, to);
    };
    await withHost(spoil, async () => {
      const { cases, failed, passed } = await runSelfTest();
      expect(planted).toBeGreaterThan(0);
      expect(cases.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(found);
      expect([passed, failed]).toEqual([KNOWN_ANSWERS.length - found.length, found.length]);
      for (const { ok, detail } of cases) if (!ok) expect(detail).toMatch(/ is .*, not /);
    });
  });

  test('reports a forward convolution that swaps rows and columns (webgpu)', async () => {
    const spoil = (label: string, code: string): string =>
      /^conv2d_\d+x\d+$/.test(label)
        ? code.replace('(ky * params.kernelWidth + kx)', '(kx * params.kernelWidth + ky)')
        : code;
    await withHost(spoil, async () => {
      const { cases } = await runSelfTest();
      expect(cases.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual([
        'convolution with bias and ReLU',
      ]);
    });
  });

  test('a shader that does not compile fails its case and does not stop the others (webgpu)', async () => {
    const spoil = (label: string, code: string): string =>
      label === 'max_pool' ? `${code} nonsense` : code;
    await withHost(spoil, async (_host, errors) => {
      const { cases } = await runSelfTest();
      expect(cases.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual([
        'max pooling and its gradient',
      ]);
      expect(errors.length).toBeGreaterThan(0);
    });
  });

  test('a lost device fails every case instead of rejecting (webgpu)', async () => {
    await withHost(asIs, async (host) => {
      host.gpu.device.destroy();
      const { passed } = await runSelfTest();
      expect(passed).toBe(0);
    });
  });
});
