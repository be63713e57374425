import { expect } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { describeOnBackends } from '../host/describe-on-backends.ts';
import { conv2d } from './conv2d.ts';
import { convReference } from './conv2d.reference.ts';
import { convOutputSize } from './conv-shape.ts';
import type { ConvShape } from './conv-shape.ts';

interface Case extends ConvShape {
  readonly name: string;
  readonly relu?: boolean;
}

interface Result {
  readonly y: ArrayLike<number>;
  readonly dx: ArrayLike<number>;
  readonly dw: ArrayLike<number>;
  readonly db: ArrayLike<number>;
}

const base = {
  batch: 1,
  height: 7,
  width: 9,
  inChannels: 8,
  outChannels: 12,
  kernelSize: 3,
  stride: 1,
  padding: 1,
};

const CASES: readonly Case[] = [
  { name: '3x3', ...base },
  { name: '3x3 relu', ...base, relu: true },
  { name: '3x3 stride 2, odd sides', ...base, stride: 2, batch: 2 },
  { name: '3x3 stride 2, even sides', ...base, height: 8, width: 6, stride: 2, batch: 3 },
  { name: '1x1', ...base, kernelSize: 1, padding: 0, batch: 2 },
  { name: '1x1 stride 2', ...base, kernelSize: 1, padding: 0, stride: 2, height: 8 },
  {
    name: 'stem 7x7 stride 2 of 3 channels',
    ...base,
    kernelSize: 7,
    padding: 3,
    stride: 2,
    inChannels: 3,
    height: 16,
    width: 20,
  },
  { name: 'output channels not a multiple of 4', ...base, outChannels: 27, batch: 2 },
  { name: 'input channels not a multiple of 4', ...base, inChannels: 5, outChannels: 8 },
  { name: 'both odd', ...base, inChannels: 3, outChannels: 7, stride: 2 },
  { name: 'one pixel', ...base, height: 1, width: 1 },
  { name: '2x2 map, stride 2', ...base, height: 2, width: 2, stride: 2 },
  {
    name: 'more than one tile of columns',
    ...base,
    height: 5,
    width: 5,
    inChannels: 16,
    outChannels: 136,
  },
  {
    name: 'more than one tile of rows, batch 4',
    ...base,
    batch: 4,
    height: 17,
    width: 13,
    inChannels: 20,
    outChannels: 16,
  },
];

/** Values in −1 … 1 that differ everywhere and repeat on every machine. */
function fill(count: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898 + seed * 78.233));
}

function operands(c: Case) {
  const [oh, ow] = convOutputSize(c);
  return {
    x: fill(c.batch * c.height * c.width * c.inChannels, 1),
    w: fill(c.kernelSize ** 2 * c.inChannels * c.outChannels, 2),
    b: fill(c.outChannels, 3),
    dy: fill(c.batch * oh * ow * c.outChannels, 4),
    out: [c.batch, oh, ow, c.outChannels] as [number, number, number, number],
  };
}

describeOnBackends<Case, Result>('conv2d', {
  cases: CASES,
  reference(c) {
    const { x, w, b, dy } = operands(c);
    const plain = convReference(c, x, w, dy);
    const y = plain.y.map((value, i) => value + (b[i % c.outChannels] ?? 0));
    const passed = c.relu === true ? dy.map((value, i) => ((y[i] ?? 0) > 0 ? value : 0)) : dy;
    const { dx, dw } = c.relu === true ? convReference(c, x, w, passed) : plain;
    const db = new Float64Array(c.outChannels);
    passed.forEach((value, i) => {
      db[i % c.outChannels] = (db[i % c.outChannels] ?? 0) + value;
    });
    return { y: c.relu === true ? y.map((value) => Math.max(value, 0)) : y, dx, dw, db };
  },
  async webgpu(c) {
    const { x, w, b, dy, out } = operands(c);
    const tensors = tf.tidy(() => {
      const dyTensor = tf.tensor4d(dy, out);
      const f = (xs: tf.Tensor, ws: tf.Tensor, bs: tf.Tensor): tf.Tensor =>
        conv2d(xs as tf.Tensor4D, ws as tf.Tensor4D, bs as tf.Tensor1D, {
          stride: c.stride,
          padding: c.padding,
          relu: c.relu ?? false,
        });
      const inputs: [tf.Tensor, tf.Tensor, tf.Tensor] = [
        tf.tensor4d(x, [c.batch, c.height, c.width, c.inChannels]),
        tf.tensor4d(w, [c.kernelSize, c.kernelSize, c.inChannels, c.outChannels]),
        tf.tensor1d(b),
      ];
      const { value, grads } = tf.valueAndGrads(f)(inputs, dyTensor);
      return [value, ...grads];
    });
    const [y, dx, dw, db] = await Promise.all(tensors.map((tensor) => readTensor(tensor)));
    for (const tensor of tensors) tensor.dispose();
    if (y === undefined || dx === undefined || dw === undefined || db === undefined)
      throw new Error('four results');
    return { y, dx, dw, db };
  },
  compare(actual, wanted) {
    for (const key of ['y', 'dx', 'dw', 'db'] as const) {
      const got = actual[key];
      const want = wanted[key];
      expect(got.length, key).toBe(want.length);
      const scale = Math.max(...Array.from(want, Math.abs), 1e-6);
      let worst = 0;
      for (let i = 0; i < want.length; i++) {
        const difference = Math.abs((got[i] ?? Number.NaN) - (want[i] ?? Number.NaN));
        worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(worst, difference);
      }
      expect(worst / scale, `${key}: largest difference over largest value`).toBeLessThan(2e-6);
    }
  },
});
