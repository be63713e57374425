import { expect } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { describeOnBackends, describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import { expectCloseToScale } from '../host/expect-close-to-scale.ts';
import { variedValues } from '../host/varied-values.ts';
import { linear } from './linear.ts';
import { linearReference } from './linear.reference.ts';
import type { LinearReference } from './linear.reference.ts';

interface Case {
  readonly name: string;
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly bias?: boolean;
  readonly relu?: boolean;
  readonly hand?: {
    readonly x: readonly number[];
    readonly weight: readonly number[];
    readonly bias: readonly number[];
    readonly y: readonly number[];
  };
}

const CASES: readonly Case[] = [
  { name: 'one row', rows: 1, inputs: 12, outputs: 8 },
  { name: 'one value', rows: 1, inputs: 1, outputs: 1 },
  { name: 'relu', rows: 5, inputs: 12, outputs: 8, relu: true },
  { name: 'no bias', rows: 5, inputs: 12, outputs: 8, bias: false },
  { name: 'sides that are no multiples of 4', rows: 13, inputs: 7, outputs: 21, relu: true },
  { name: 'K + 1 class scores, 4 K deltas', rows: 33, inputs: 64, outputs: 81 },
  {
    name: 'more rows than a tile, more outputs than a workgroup',
    rows: 70,
    inputs: 20,
    outputs: 136,
  },
  {
    name: 'by hand',
    rows: 2,
    inputs: 3,
    outputs: 2,
    relu: true,
    hand: {
      x: [1, 2, 3, -1, 0, 1],
      weight: [1, 10, 2, 20, 3, -30],
      bias: [0.5, 5],
      y: [14.5, 0, 2.5, 0],
    },
  },
];

function operands(c: Case) {
  const { rows, inputs, outputs, hand } = c;
  return {
    x: hand === undefined ? variedValues(rows * inputs, 1) : Float32Array.from(hand.x),
    weight: hand === undefined ? variedValues(inputs * outputs, 2) : Float32Array.from(hand.weight),
    bias: hand === undefined ? variedValues(outputs, 3) : Float32Array.from(hand.bias),
    dy: variedValues(rows * outputs, 4),
  };
}

type Result = Partial<Record<keyof LinearReference, ArrayLike<number>>>;

describeOnBackends<Case, Result>('linear', {
  cases: CASES,
  reference(c) {
    const { bias, ...arrays } = operands(c);
    const { inputs, outputs, relu = false } = c;
    const { dBias, ...all } = linearReference({
      ...arrays,
      ...(c.bias === false ? {} : { bias }),
      inputs,
      outputs,
      relu,
    });
    return c.bias === false ? all : { ...all, dBias };
  },
  async webgpu(c) {
    const a = operands(c);
    const [y, dx, dWeight, dBias] = tf.tidy(() => {
      const tensors: Tensor[] = [
        tf.tensor2d(a.x, [c.rows, c.inputs]),
        tf.tensor2d(a.weight, [c.inputs, c.outputs]),
      ];
      if (c.bias !== false) tensors.push(tf.tensor1d(a.bias));
      const run = (x: Tensor, weight: Tensor, bias?: Tensor): Tensor =>
        linear(x as tf.Tensor2D, weight as tf.Tensor2D, bias?.as1D() ?? null, {
          relu: c.relu ?? false,
        });
      const { value, grads } = tf.valueAndGrads(run as (...x: Tensor[]) => Tensor)(
        tensors,
        tf.tensor2d(a.dy, [c.rows, c.outputs]),
      );
      return [value, ...grads];
    });
    const result: Result = {};
    for (const [key, tensor] of Object.entries({ y, dx, dWeight, dBias })) {
      if (tensor === undefined) continue;
      Object.assign(result, { [key]: await readTensor(tensor) });
      tensor.dispose();
    }
    return result;
  },
  compare(actual, wanted) {
    for (const [key, values] of Object.entries(wanted)) {
      expectCloseToScale(actual[key as keyof LinearReference] ?? [], values, 2e-6, key);
    }
  },
  expected: (c) => (c.hand === undefined ? undefined : { y: c.hand.y }),
});

describeOnGpu('linear', () => {
  gpuTest('a value that is not a number stays in its row', async () => {
    const x = tf.tensor2d([1, 2, Number.NaN, 4, 5, 6], [3, 2]);
    const weight = tf.tensor2d([1, 10, 2, 20], [2, 2]);
    const y = linear(x, weight, null);
    expect([...(await readTensor(y))]).toEqual([5, 50, Number.NaN, Number.NaN, 17, 170]);
    tf.dispose([x, weight, y]);
  });

  gpuTest('a weight that does not fit is refused', async () => {
    await tf.ready();
    const x = tf.ones<tf.Rank.R2>([2, 3]);
    const weight = tf.ones<tf.Rank.R2>([2, 3]);
    expect(() => linear(x, weight, null)).toThrow(/does not fit/);
    tf.dispose([x, weight]);
  });
});
