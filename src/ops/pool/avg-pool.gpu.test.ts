import { expect } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { describeOnBackends, describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import { expectCloseToScale } from '../host/expect-close-to-scale.ts';
import { variedValues } from '../host/varied-values.ts';
import { avgPool } from './avg-pool.ts';
import { avgPoolReference } from './avg-pool.reference.ts';
import type { AvgPoolShape } from './avg-pool.reference.ts';

interface Case extends AvgPoolShape {
  readonly name: string;
  /** Values and upstream gradient given in full, with the known answer. */
  readonly hand?: {
    readonly x: readonly number[];
    readonly dy: readonly number[];
    readonly y: readonly number[];
    readonly dx: readonly number[];
  };
}

const base = { batch: 2, height: 8, width: 10, channels: 4, kernelSize: 2 };

const CASES: readonly Case[] = [
  { name: 'even sides', ...base },
  { name: 'odd sides: the last windows are cut', ...base, height: 9, width: 7, channels: 5 },
  { name: 'one pixel', ...base, height: 1, width: 1 },
  { name: 'one row', ...base, height: 1, width: 9 },
  { name: 'window of one', ...base, kernelSize: 1, channels: 3 },
  { name: '4x4, windows of 4 × 1, 1 × 4 and 1 × 1', ...base, kernelSize: 4, height: 5, width: 9 },
  { name: 'window larger than the map', ...base, kernelSize: 7, height: 3, width: 2 },
  {
    name: 'by hand',
    batch: 1,
    height: 3,
    width: 3,
    channels: 1,
    kernelSize: 2,
    hand: {
      x: [1, 2, 3, 4, 5, 6, 7, 8, 9],
      dy: [4, 20, 200, 1000],
      y: [3, 4.5, 7.5, 9],
      dx: [1, 1, 10, 1, 1, 10, 100, 100, 1000],
    },
  },
];

function operands(c: Case) {
  const out: [number, number, number, number] = [
    c.batch,
    Math.ceil(c.height / c.kernelSize),
    Math.ceil(c.width / c.kernelSize),
    c.channels,
  ];
  const count = c.batch * c.height * c.width * c.channels;
  const outCount = out.reduce((product, side) => product * side);
  return {
    x: c.hand === undefined ? variedValues(count, 1) : Float32Array.from(c.hand.x),
    dy: c.hand === undefined ? variedValues(outCount, 2) : Float32Array.from(c.hand.dy),
    out,
  };
}

interface Result {
  readonly y: ArrayLike<number>;
  readonly dx: ArrayLike<number>;
}

describeOnBackends<Case, Result>('avgPool', {
  cases: CASES,
  reference(c) {
    const { x, dy } = operands(c);
    return avgPoolReference(c, x, dy);
  },
  async webgpu(c) {
    const { x, dy, out } = operands(c);
    const { value, grad } = tf.tidy(() => {
      const input = tf.tensor4d(x, [c.batch, c.height, c.width, c.channels]);
      const run = (t: tf.Tensor): tf.Tensor => avgPool(t as tf.Tensor4D, c.kernelSize);
      return tf.valueAndGrad(run)(input, tf.tensor4d(dy, out));
    });
    expect(value.shape).toEqual(out);
    const result = { y: await readTensor(value), dx: await readTensor(grad) };
    tf.dispose([value, grad]);
    return result;
  },
  compare(actual, wanted) {
    expectCloseToScale(actual.y, wanted.y, 1e-6, 'y');
    expectCloseToScale(actual.dx, wanted.dx, 1e-6, 'dx');
  },
  expected: (c) => c.hand,
});

describeOnGpu('avgPool', () => {
  gpuTest('a value that is not a number stays in its window', async () => {
    const x = tf.tensor4d([1, 3, Number.NaN, 5, 7], [1, 1, 5, 1]);
    const y = avgPool(x, 2);
    expect([...(await readTensor(y))]).toEqual([2, Number.NaN, 7]);
    tf.dispose([x, y]);
  });
});
