import { expect } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { describeOnBackends, describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import { conv2d } from './conv2d.ts';
import { convReference } from './conv2d.reference.ts';
import { convOutputSize } from './conv-shape.ts';
import type { ConvShape } from './conv-shape.ts';

interface Case {
  readonly name: string;
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly inChannels: number;
  readonly outChannels: number;
  /** Of both directions, or [height, width]. */
  readonly kernel: number | readonly [number, number];
  readonly stride: number;
  readonly padding: number | readonly [number, number];
  readonly dilation?: number;
  readonly groups?: number;
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
  kernel: 3,
  stride: 1,
  padding: 1,
};

const CASES: readonly Case[] = [
  { name: '3x3', ...base },
  { name: '3x3 relu', ...base, relu: true },
  { name: '3x3 stride 2, odd sides', ...base, stride: 2, batch: 2 },
  { name: '3x3 stride 2, even sides', ...base, height: 8, width: 6, stride: 2, batch: 3 },
  { name: '1x1', ...base, kernel: 1, padding: 0, batch: 2 },
  { name: '1x1 stride 2', ...base, kernel: 1, padding: 0, stride: 2, height: 8 },
  {
    name: 'stem 7x7 stride 2 of 3 channels',
    ...base,
    kernel: 7,
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
  { name: 'dilation 2', ...base, dilation: 2, padding: 2 },
  {
    name: 'dilation 2, stride 2: phases without a tap',
    ...base,
    dilation: 2,
    padding: 2,
    stride: 2,
  },
  { name: 'dilation 3, stride 2', ...base, dilation: 3, padding: 3, stride: 2, height: 11 },
  {
    name: 'dilation 2, stride 3',
    ...base,
    dilation: 2,
    padding: 1,
    stride: 3,
    width: 14,
    batch: 2,
  },
  {
    name: 'dilation 4, stride 6',
    ...base,
    dilation: 4,
    padding: 4,
    stride: 6,
    height: 13,
    width: 15,
  },
  { name: '3x1, padded above and below', ...base, kernel: [3, 1], padding: [1, 0] },
  {
    name: '1x5 stride 2, padded at the sides',
    ...base,
    kernel: [1, 5],
    padding: [0, 2],
    stride: 2,
  },
  {
    name: '2x3 of odd channels',
    ...base,
    kernel: [2, 3],
    padding: [0, 1],
    inChannels: 3,
    outChannels: 5,
  },
  { name: 'padding wider than the kernel', ...base, kernel: 2, padding: 3, height: 3, width: 2 },
  { name: '4 groups', ...base, groups: 4, relu: true },
  { name: '2 groups, 1x1', ...base, groups: 2, kernel: 1, padding: 0, batch: 2 },
  {
    name: '3 groups of odd channels, stride 2',
    ...base,
    groups: 3,
    inChannels: 9,
    outChannels: 15,
    stride: 2,
  },
  { name: 'depthwise', ...base, groups: 8, outChannels: 8, batch: 2 },
  {
    name: 'depthwise, two outputs per channel, stride 2',
    ...base,
    groups: 6,
    inChannels: 6,
    stride: 2,
  },
  {
    name: 'groups, dilation 2, 3x2, stride 3',
    ...base,
    groups: 2,
    dilation: 2,
    kernel: [3, 2],
    padding: [2, 1],
    stride: 3,
    height: 12,
  },
  { name: 'depthwise, one pixel', ...base, groups: 8, outChannels: 8, height: 1, width: 1 },
];

const pair = (value: number | readonly [number, number]): readonly [number, number] =>
  typeof value === 'number' ? [value, value] : value;

function shapeOf(c: Case): ConvShape {
  const [kernelHeight, kernelWidth] = pair(c.kernel);
  const [paddingY, paddingX] = pair(c.padding);
  const { dilation = 1, groups = 1 } = c;
  return { ...c, kernelHeight, kernelWidth, paddingY, paddingX, dilation, groups };
}

/** Values in −1 … 1 that differ everywhere and repeat on every machine. */
function fill(count: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898 + seed * 78.233));
}

function operands(c: Case) {
  const shape = shapeOf(c);
  const { kernelHeight, kernelWidth, groups } = shape;
  const [oh, ow] = convOutputSize(shape);
  const kernel: [number, number, number, number] = [
    kernelHeight,
    kernelWidth,
    c.inChannels / groups,
    c.outChannels,
  ];
  return {
    kernel,
    x: fill(c.batch * c.height * c.width * c.inChannels, 1),
    w: fill(
      kernel.reduce((product, side) => product * side),
      2,
    ),
    b: fill(c.outChannels, 3),
    dy: fill(c.batch * oh * ow * c.outChannels, 4),
    out: [c.batch, oh, ow, c.outChannels] as [number, number, number, number],
  };
}

describeOnBackends<Case, Result>('conv2d', {
  cases: CASES,
  reference(c) {
    const { x, w, b, dy } = operands(c);
    const plain = convReference(shapeOf(c), x, w, dy);
    const y = plain.y.map((value, i) => value + (b[i % c.outChannels] ?? 0));
    const passed = c.relu === true ? dy.map((value, i) => ((y[i] ?? 0) > 0 ? value : 0)) : dy;
    const { dx, dw } = c.relu === true ? convReference(shapeOf(c), x, w, passed) : plain;
    const db = new Float64Array(c.outChannels);
    passed.forEach((value, i) => {
      db[i % c.outChannels] = (db[i % c.outChannels] ?? 0) + value;
    });
    return { y: c.relu === true ? y.map((value) => Math.max(value, 0)) : y, dx, dw, db };
  },
  async webgpu(c) {
    const { x, w, b, dy, out, kernel } = operands(c);
    const tensors = tf.tidy(() => {
      const dyTensor = tf.tensor4d(dy, out);
      const f = (xs: tf.Tensor, ws: tf.Tensor, bs: tf.Tensor): tf.Tensor =>
        conv2d(xs as tf.Tensor4D, ws as tf.Tensor4D, bs as tf.Tensor1D, {
          stride: c.stride,
          padding: c.padding,
          dilation: c.dilation ?? 1,
          groups: c.groups ?? 1,
          relu: c.relu ?? false,
        });
      const inputs: [tf.Tensor, tf.Tensor, tf.Tensor] = [
        tf.tensor4d(x, [c.batch, c.height, c.width, c.inChannels]),
        tf.tensor4d(w, kernel),
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

describeOnGpu('conv2d', () => {
  gpuTest('a value that is not a number stays in its windows and its group', async () => {
    const values = new Float32Array(5 * 5 * 4).fill(1);
    const at = (1 * 5 + 1) * 4 + 2; // row 1, column 1, channel 2
    values[at] = Number.NaN;
    const x = tf.tensor4d(values, [1, 5, 5, 4]);
    for (const groups of [1, 2]) {
      const w = tf.ones<tf.Rank.R4>([3, 3, 4 / groups, 4]);
      const y = conv2d(x, w, null, { stride: 1, padding: 1, groups });
      (await readTensor(y)).forEach((value, i) => {
        const pixel = Math.floor(i / 4);
        const near = Math.floor(pixel / 5) <= 2 && pixel % 5 <= 2;
        const reads = groups === 1 || i % 4 >= 2;
        expect(Number.isNaN(value), `${groups} groups, element ${i}`).toBe(near && reads);
      });
      tf.dispose([w, y]);
    }
    x.dispose();
  });

  gpuTest('a weight that does not fit is refused', async () => {
    await tf.ready();
    const x = tf.zeros<tf.Rank.R4>([1, 4, 4, 6]);
    const w = tf.zeros<tf.Rank.R4>([3, 3, 3, 4]);
    const options = { stride: 1, padding: 1 };
    expect(() => conv2d(x, w, null, options)).toThrow(/does not fit/);
    expect(() => conv2d(x, w, null, { ...options, groups: 3 })).toThrow(/does not fit/);
    expect(() => conv2d(x, w, null, { ...options, groups: 2, dilation: 4 })).toThrow(/larger than/);
    tf.dispose([x, w]);
  });
});
