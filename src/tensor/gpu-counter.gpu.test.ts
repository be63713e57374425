import { expect } from 'vitest';
import { describeOnGpu, gpuTest, sharedHost } from '../ops/host/describe-on-backends.ts';
import { GpuCounter } from './gpu-counter.ts';
import { readTensor } from './read.ts';
import { tf } from './tf.ts';
import { overwrite, uploadFloats } from './upload.ts';

describeOnGpu('GpuCounter', () => {
  gpuTest('counts what is recorded, by kernel, and lets it happen', async () => {
    const { device } = (await sharedHost()).backend;
    const counter = new GpuCounter(device, { execute: true });
    const x = uploadFloats(Float32Array.of(1, 2, 3), [3]);
    const y = tf.neg(x);
    expect([...(await readTensor(y))]).toEqual([-1, -2, -3]);
    const counts = counter.take();
    expect(counts).toMatchObject({ dispatches: 1, readbacks: 1, createBindGroups: 1, submits: 1 });
    expect(counts.bufferWrites).toBe(2);
    expect(Object.values(counts.kernels)).toEqual([1]);
    expect(counter.peakBytes).toBeGreaterThanOrEqual(12);
    expect(counter.take().dispatches).toBe(0);
    counter.stop();
    const z = tf.neg(y);
    expect([...(await readTensor(z))]).toEqual([1, 2, 3]);
    expect(counter.take().dispatches).toBe(0);
    tf.dispose([x, y, z]);
  });

  gpuTest('counts and does nothing when told so', async () => {
    const { backend } = await sharedHost();
    const x = uploadFloats(Float32Array.of(1, 2), [2]);
    const counter = new GpuCounter(backend.device, { execute: false });
    overwrite(x, Float32Array.of(5, 6));
    backend.flush();
    expect(counter.take().bufferWrites).toBe(1);
    counter.stop();
    expect([...(await readTensor(x))]).toEqual([1, 2]);
    x.dispose();
  });
});
