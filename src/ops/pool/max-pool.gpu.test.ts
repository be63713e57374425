import { expect } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { describeOnBackends, describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import { expectCloseToScale } from '../host/expect-close-to-scale.ts';
import { variedValues } from '../host/varied-values.ts';
import { maxPool } from './max-pool.ts';
import { maxPoolReference, maxPoolSize } from './max-pool.reference.ts';
import type { MaxPoolShape } from './max-pool.reference.ts';

interface Case extends MaxPoolShape {
  readonly name: string;
  /** Made from the varied values; absent = as they are. */
  readonly value?: (varied: number) => number;
  /** Values and upstream gradient given in full, with the known answer. */
  readonly hand?: {
    readonly x: number[];
    readonly dy: number[];
    readonly y: number[];
    readonly dx: number[];
  };
}

const stem = { batch: 2, height: 8, width: 10, channels: 4, kernelSize: 3, stride: 2, padding: 1 };
const fpn = { ...stem, kernelSize: 1, padding: 0 };

const CASES: readonly Case[] = [
  { name: 'stem, even sides', ...stem },
  { name: 'stem, odd sides', ...stem, height: 9, width: 7, channels: 5 },
  { name: 'stem, all values negative: padding never wins', ...stem, value: (v) => v - 2 },
  { name: 'stem, ties after a ReLU', ...stem, value: (v) => Math.max(0, v) },
  { name: 'stem, few levels', ...stem, value: (v) => Math.round(v * 2) },
  { name: 'stem, all equal', ...stem, value: () => -3 },
  { name: 'stem, one pixel', ...stem, height: 1, width: 1 },
  { name: 'FPN’s extra level, even sides', ...fpn },
  { name: 'FPN’s extra level, odd sides', ...fpn, height: 7, width: 5, channels: 3 },
  { name: '2x2, no overlap, a column left over', ...stem, kernelSize: 2, padding: 0, width: 9 },
  { name: '3x3, stride 1', ...stem, stride: 1 },
  {
    name: '2x2, stride 3: pixels that no window sees',
    ...stem,
    kernelSize: 2,
    stride: 3,
    padding: 0,
  },
  {
    name: 'by hand: the first of equal maxima takes the gradient',
    batch: 1,
    height: 3,
    width: 3,
    channels: 1,
    kernelSize: 2,
    stride: 1,
    padding: 0,
    hand: {
      x: [1, 5, 5, 2, 5, 0, -1, -2, 7],
      dy: [1, 10, 100, 1000],
      y: [5, 5, 5, 7],
      dx: [0, 11, 0, 0, 100, 0, 0, 0, 1000],
    },
  },
];

function operands(c: Case) {
  const [outHeight, outWidth] = maxPoolSize(c);
  const count = c.batch * c.height * c.width * c.channels;
  return {
    x:
      c.hand === undefined
        ? variedValues(count, 1).map(c.value ?? ((v) => v))
        : Float32Array.from(c.hand.x),
    dy:
      c.hand === undefined
        ? variedValues(c.batch * outHeight * outWidth * c.channels, 2)
        : Float32Array.from(c.hand.dy),
    out: [c.batch, outHeight, outWidth, c.channels] as [number, number, number, number],
  };
}

interface Result {
  readonly y: ArrayLike<number>;
  readonly dx: ArrayLike<number>;
}

describeOnBackends<Case, Result>('maxPool', {
  cases: CASES,
  reference(c) {
    const { x, dy } = operands(c);
    return maxPoolReference(c, x, dy);
  },
  async webgpu(c) {
    const { x, dy, out } = operands(c);
    const { value, grad } = tf.tidy(() => {
      const input = tf.tensor4d(x, [c.batch, c.height, c.width, c.channels]);
      const run = (t: tf.Tensor): tf.Tensor => maxPool(t as tf.Tensor4D, c);
      return tf.valueAndGrad(run)(input, tf.tensor4d(dy, out));
    });
    expect(value.shape).toEqual(out);
    const result = { y: await readTensor(value), dx: await readTensor(grad) };
    tf.dispose([value, grad]);
    return result;
  },
  compare(actual, wanted) {
    expect(Array.from(actual.y)).toEqual(Array.from(wanted.y));
    expectCloseToScale(actual.dx, wanted.dx, 1e-6, 'dx');
  },
  expected: (c) => c.hand,
});

describeOnGpu('maxPool', () => {
  gpuTest('without a gradient it leaves nothing but its result', async () => {
    await tf.ready();
    const x = tf.tensor4d(variedValues(64, 1), [1, 4, 4, 4]);
    const before = tf.memory().numTensors;
    const y = maxPool(x, { kernelSize: 3, stride: 2, padding: 1 });
    expect(tf.memory().numTensors).toBe(before + 1);
    tf.dispose([x, y]);
  });
});
