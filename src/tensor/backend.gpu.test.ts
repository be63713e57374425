import { expect } from 'vitest';
import { UserError } from '../base/errors.ts';
import { describeOnGpu, gpuTest, sharedHost } from '../ops/host/describe-on-backends.ts';
import { activeBackend } from './backend.ts';
import { emptyTensor, foldWorkgroups, kernelSource, pipelineCount, runKernel } from './kernel.ts';
import type { Kernel } from './kernel.ts';
import { readIntTensor, readTensor } from './read.ts';
import { tf } from './tf.ts';
import { overwrite, uploadBytes, uploadFloats, uploadInts } from './upload.ts';

/** Adds `amount` to every element, in place. */
const addInPlace: Kernel = {
  name: 'test_add_in_place',
  buffers: [{ name: 'x', type: 'f32', access: 'write' }],
  params: [
    { name: 'count', type: 'u32' },
    { name: 'rowSize', type: 'u32' },
    { name: 'amount', type: 'f32' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  x[index] += params.amount;
}`,
};

function add(x: tf.Tensor, amount: number): void {
  const { workgroups, rowSize } = foldWorkgroups(x.size, 64);
  runKernel(addInPlace, [x], { count: x.size, rowSize, amount }, workgroups);
}

describeOnGpu('AnchorageBackend', () => {
  gpuTest('tfjs still has the private members that our dispatches use', async () => {
    const { backend } = await sharedHost();
    backend.flush();
    // Set by tfjs alone here: one op of its own, none of ours.
    const x = tf.tensor1d([1, 2, 3]);
    const y = x.add(1);
    const own = backend as unknown as Readonly<Record<string, unknown>>;
    expect(own['dispatchCountInPass']).toBe(1);
    expect(own['commandEncoder']).toBeInstanceOf(GPUCommandEncoder);
    expect(own['computePassEncoder']).toBeInstanceOf(GPUComputePassEncoder);
    const owned = own['commandQueueOwnedIds'];
    if (!(owned instanceof WeakSet)) throw new Error('commandQueueOwnedIds is no WeakSet');
    expect(owned.has(y.dataId)).toBe(true);
    for (const name of [
      'makeUniforms',
      'tensorToBinding',
      'ensureCommandEncoderReady',
      'endComputePassEncoder',
      'submitQueue',
      'uploadToGPU',
    ]) {
      expect(own[name], name).toBeTypeOf('function');
    }
    const binding = (own['tensorToBinding'] as (tensor: tf.TensorInfo) => GPUBufferBinding).call(
      backend,
      y,
    );
    expect(binding.buffer).toBeInstanceOf(GPUBuffer);
    expect(await readTensor(y)).toEqual(Float32Array.of(2, 3, 4));
    tf.dispose([x, y]);
  });

  gpuTest('our dispatches keep their place among tfjs’s, across submits', async () => {
    const x = tf.tensor1d([1, 2, 3]);
    let expected = 1;
    const copies: { readonly tensor: tf.Tensor; readonly value: number }[] = [];
    for (let step = 0; step < 100; step++) {
      add(x, step);
      expected += step;
      copies.push({ tensor: x.mul(2), value: 2 * expected });
    }
    for (const { tensor, value } of copies) expect((await readTensor(tensor))[0]).toBe(value);
    tf.dispose([x, ...copies.map(({ tensor }) => tensor)]);
  });

  gpuTest('a synchronous read throws', async () => {
    await sharedHost();
    const x = tf.tidy(() => tf.tensor1d([1, 2]).add(1));
    // oxlint-disable-next-line no-restricted-properties -- that these throw is what is tested
    for (const read of [() => x.dataSync(), () => x.arraySync(), () => x.bufferSync()]) {
      expect(read).toThrow(UserError);
      expect(read).toThrow(/synchronously/);
    }
    x.dispose();
  });

  gpuTest('an int32 that tfjs’s shaders would round is refused', async () => {
    await sharedHost();
    for (const bad of [2 ** 24 + 1, -(2 ** 24) - 1, 2 ** 31 - 1]) {
      const before = tf.memory().numTensors;
      expect(() => tf.tensor1d([0, bad], 'int32')).toThrow(/would round/);
      expect(tf.memory().numTensors).toBe(before);
    }
    const edge = tf.tensor1d([2 ** 24, -(2 ** 24)], 'int32');
    expect(await readIntTensor(edge)).toEqual(Int32Array.of(2 ** 24, -(2 ** 24)));
    edge.dispose();
  });
});

describeOnGpu('readTensor', () => {
  gpuTest('sees writes in place after an earlier read', async () => {
    const x = tf.tensor1d([1, 2, 3]);
    expect(await readTensor(x)).toEqual(Float32Array.of(1, 2, 3));
    add(x, 10);
    expect(await readTensor(x)).toEqual(Float32Array.of(11, 12, 13));
    overwrite(x, Float32Array.of(7, 8, 9));
    expect(await readTensor(x)).toEqual(Float32Array.of(7, 8, 9));
    add(x, 1);
    // Had readTensor left a copy behind, tfjs would serve it here.
    expect(await x.data()).toEqual(Float32Array.of(8, 9, 10));
    x.dispose();
  });

  gpuTest('gives the values at the call, not those of commands recorded after it', async () => {
    const x = tf.tensor1d([1]);
    add(x, 1);
    const before = readTensor(x);
    add(x, 100);
    const after = readTensor(x);
    x.dispose();
    expect(await before).toEqual(Float32Array.of(2));
    expect(await after).toEqual(Float32Array.of(102));
  });

  gpuTest('an empty tensor has no values', async () => {
    await sharedHost();
    const x = tf.zeros([0, 4]);
    expect(await readTensor(x)).toEqual(new Float32Array(0));
    x.dispose();
  });
});

describeOnGpu('uploads', () => {
  gpuTest('floats, bytes and the whole range of integers arrive exactly', async () => {
    const floats = uploadFloats(Float32Array.of(1e-42, -0, 3.5, Number.NaN), [2, 2]);
    const integers = uploadInts(Int32Array.of(2 ** 31 - 1, -(2 ** 31), 2 ** 24 + 1), [3]);
    const bytes = uploadBytes(Uint8Array.of(1, 2, 3, 255));
    expect(new Uint32Array((await readTensor(floats)).buffer)).toEqual(
      new Uint32Array(Float32Array.of(1e-42, -0, 3.5, Number.NaN).buffer),
    );
    expect(await readIntTensor(integers)).toEqual(
      Int32Array.of(2 ** 31 - 1, -(2 ** 31), 2 ** 24 + 1),
    );
    expect(new Uint8Array((await readIntTensor(bytes)).buffer)).toEqual(
      Uint8Array.of(1, 2, 3, 255),
    );
    tf.dispose([floats, integers, bytes]);
  });

  gpuTest(
    'overwriting reaches a tensor that was never uploaded, also in a recycled buffer',
    async () => {
      for (let round = 0; round < 3; round++) {
        const x = tf.zeros<tf.Rank.R1>([5]);
        overwrite(x, Float32Array.of(1, 2, 3, 4, 5));
        const y = x.add(round);
        expect((await readTensor(y))[4]).toBe(5 + round);
        tf.dispose([x, y]);
      }
    },
  );

  gpuTest('commands recorded before an overwrite still see the old values', async () => {
    const x = tf.tensor1d([1, 2]);
    const old = x.mul(10);
    overwrite(x, Float32Array.of(5, 6));
    const fresh = x.mul(10);
    expect(await readTensor(old)).toEqual(Float32Array.of(10, 20));
    expect(await readTensor(fresh)).toEqual(Float32Array.of(50, 60));
    tf.dispose([x, old, fresh]);
  });
});

describeOnGpu('runKernel', () => {
  gpuTest('a grid of more than 65,535 workgroups is folded and reaches every element', async () => {
    await sharedHost();
    const count = 65_535 * 64 + 131;
    const x = tf.zeros([count]);
    add(x, 1);
    const sum = (await readTensor(x)).reduce((total, value) => total + value, 0);
    expect(sum).toBe(count);
    x.dispose();
  });

  gpuTest('a pipeline is made once per source', async () => {
    await sharedHost();
    const x = emptyTensor([4]);
    const { workgroups, rowSize } = foldWorkgroups(4, 64);
    const run = (kernel: Kernel): void =>
      runKernel(kernel, [x], { count: 4, rowSize, amount: 1 }, workgroups);
    run(addInPlace);
    const before = pipelineCount();
    run({ ...addInPlace });
    run({ ...addInPlace, name: 'another name' });
    expect(pipelineCount()).toBe(before);
    run({ ...addInPlace, body: `${addInPlace.body}\n// another source` });
    expect(pipelineCount()).toBe(before + 1);
    x.dispose();
  });

  gpuTest('a missing parameter and a wrong number of buffers are named', async () => {
    await sharedHost();
    const x = emptyTensor([4]);
    expect(() => runKernel(addInPlace, [x], { count: 4, rowSize: 64 }, [1, 1, 1])).toThrow(
      /amount is missing/,
    );
    expect(() =>
      runKernel(addInPlace, [x, x], { count: 4, rowSize: 64, amount: 1 }, [1, 1, 1]),
    ).toThrow(/1 buffers declared, 2 given/);
    expect(kernelSource(addInPlace)).toContain('@binding(1) var<uniform> params: Params;');
    expect(activeBackend().device.limits.maxComputeWorkgroupsPerDimension).toBeGreaterThanOrEqual(
      65_535,
    );
    x.dispose();
  });
});
