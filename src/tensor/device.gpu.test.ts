import { describe, expect, test } from 'vitest';
import type { ErrorDetails } from '../base/errors.ts';
import { requestGpuDevice } from './device.ts';
import { emptyTensor, runKernel } from './kernel.ts';
import { readTensor } from './read.ts';
import { startTensors } from './start.ts';
import { tf } from './tf.ts';

describe('requestGpuDevice', () => {
  test('raises every limit of buffers and compute to the adapter’s own (webgpu)', async ({
    task,
  }) => {
    Object.assign(task.meta, { backend: 'webgpu' });
    const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter === null) throw new Error('no adapter');
    const { device, name, isFallback } = await requestGpuDevice(navigator.gpu, navigator.userAgent);
    const names = limitNames(adapter.limits).filter((limit) =>
      /^max(Buffer|StorageBuffer(?!sIn)|Compute|UniformBufferBinding|BindingsPer)/.test(limit),
    );
    expect(names).toEqual(
      expect.arrayContaining([
        'maxBufferSize',
        'maxStorageBufferBindingSize',
        'maxStorageBuffersPerShaderStage',
      ]),
    );
    const own = Object.fromEntries(names.map((limit) => [limit, limitOf(device.limits, limit)]));
    const wanted = Object.fromEntries(
      names.map((limit) => [limit, limitOf(adapter.limits, limit)]),
    );
    expect(own).toEqual(wanted);
    for (const feature of ['shader-f16', 'subgroups', 'timestamp-query']) {
      expect(device.features.has(feature), feature).toBe(adapter.features.has(feature));
    }
    expect(name).not.toBe('');
    expect(isFallback).toBe(
      /swiftshader|llvmpipe|lavapipe/i.test(name) || adapter.info.isFallbackAdapter,
    );
    device.destroy();
  });
});

describe('onDeviceError', () => {
  test('hears of an invalid kernel, by its label (webgpu)', async ({ task }) => {
    Object.assign(task.meta, { backend: 'webgpu' });
    const errors: ErrorDetails[] = [];
    const host = await startTensors(navigator.gpu, navigator.userAgent, (error) =>
      errors.push(error),
    );
    const x = emptyTensor([4]);
    runKernel(
      {
        name: 'planted_invalid_kernel',
        buffers: [{ name: 'x', type: 'f32', access: 'write' }],
        params: [],
        body: '@compute @workgroup_size(1) fn main() { x[0] = no_such_name; }',
      },
      [x],
      {},
      [1, 1, 1],
    );
    host.backend.flush();
    await expect.poll(() => errors.length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(errors[0]?.code).toBe('gpu-error');
    expect(errors.map(({ why }) => why).join('\n')).toContain('planted_invalid_kernel');
    x.dispose();
    const before = errors.length;
    host.dispose();
    await host.gpu.device.lost;
    await Promise.resolve();
    expect(errors.length, 'dispose is no loss').toBe(before);
  });

  test('hears of a lost device (webgpu)', async ({ task }) => {
    Object.assign(task.meta, { backend: 'webgpu' });
    const errors: ErrorDetails[] = [];
    const host = await startTensors(navigator.gpu, navigator.userAgent, (error) =>
      errors.push(error),
    );
    host.gpu.device.destroy();
    await expect
      .poll(() => errors.map(({ code }) => code), { timeout: 10_000 })
      .toEqual(['device-lost']);
    host.dispose();
  });

  test('tensors start again on a new device, and the old host’s end does not touch it (webgpu)', async ({
    task,
  }) => {
    Object.assign(task.meta, { backend: 'webgpu' });
    const errors: ErrorDetails[] = [];
    const start = () =>
      startTensors(navigator.gpu, navigator.userAgent, (error) => errors.push(error));
    const double = async (): Promise<Float32Array> => {
      const y = tf.tidy(() => tf.tensor1d([1, 2]).mul(2));
      const values = await readTensor(y);
      y.dispose();
      return values;
    };
    const first = await start();
    expect(await double()).toEqual(Float32Array.of(2, 4));
    const second = await start();
    first.dispose();
    expect(await double()).toEqual(Float32Array.of(2, 4));
    second.dispose();
    const third = await start();
    expect(await double()).toEqual(Float32Array.of(2, 4));
    third.dispose();
    expect(errors).toEqual([]);
  });
});

/** The limits are getters of the prototype. */
function limitNames(limits: GPUSupportedLimits): string[] {
  return Object.getOwnPropertyNames(Object.getPrototypeOf(limits)).filter((name) =>
    name.startsWith('max'),
  );
}

function limitOf(limits: GPUSupportedLimits, name: string): unknown {
  return Reflect.get(limits, name);
}
