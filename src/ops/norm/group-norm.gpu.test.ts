import { expect } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { describeOnBackends, describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import { expectCloseToScale } from '../host/expect-close-to-scale.ts';
import { variedValues } from '../host/varied-values.ts';
import { groupNorm } from './group-norm.ts';
import { groupNormReference } from './group-norm.reference.ts';
import type { GroupNormReference } from './group-norm.reference.ts';

interface Case {
  readonly name: string;
  readonly shape: readonly [number, number, number, number];
  readonly groups: number;
  readonly relu?: boolean;
  readonly residual?: boolean;
  readonly eps?: number;
  /** Added to x: a mean far from 0 makes a sum of squares cancel. */
  readonly offset?: number;
  /** Largest difference over largest value; 2e-6 unless said. */
  readonly tolerance?: number;
  /** Values of one image, and the known answer for weight 2 and bias 1, all in one group. */
  readonly hand?: { readonly x: readonly number[]; readonly y: readonly number[] };
}

const CASES: readonly Case[] = [
  { name: '4 groups of 2', shape: [2, 5, 7, 8], groups: 4 },
  { name: 'relu', shape: [2, 5, 7, 8], groups: 4, relu: true },
  { name: 'residual and relu', shape: [2, 5, 7, 8], groups: 2, residual: true, relu: true },
  { name: 'one group', shape: [3, 4, 3, 6], groups: 1, residual: true },
  { name: 'a group per channel', shape: [1, 9, 5, 7], groups: 7, relu: true },
  { name: '32 groups of 64 channels', shape: [2, 3, 5, 64], groups: 32, relu: true },
  { name: 'more channels than a workgroup, groups of 23', shape: [1, 6, 3, 69], groups: 3 },
  { name: 'many chunks, the last one short', shape: [2, 67, 71, 4], groups: 2, tolerance: 5e-6 },
  { name: 'one pixel', shape: [2, 1, 1, 8], groups: 2 },
  { name: 'one channel', shape: [1, 3, 3, 1], groups: 1 },
  { name: 'one value per group', shape: [2, 1, 1, 3], groups: 3 },
  {
    name: 'mean far from zero',
    shape: [1, 30, 30, 4],
    groups: 2,
    offset: 300,
    tolerance: 5e-4,
  },
  { name: 'large eps', shape: [1, 4, 4, 4], groups: 2, eps: 0.5 },
  // Mean 3, deviations −3 −1 1 3, variance 5; eps 4 gives 1/3.
  {
    name: 'by hand',
    shape: [1, 1, 2, 2],
    groups: 1,
    eps: 4,
    hand: { x: [0, 2, 4, 6], y: [-1, 1 / 3, 5 / 3, 3] },
  },
];

function operands(c: Case) {
  const [, , , channels] = c.shape;
  const count = c.shape.reduce((product, side) => product * side, 1);
  const byHand = c.hand !== undefined;
  return {
    x: byHand
      ? Float32Array.from(c.hand.x)
      : variedValues(count, 1).map((value) => value + (c.offset ?? 0)),
    weight: byHand
      ? new Float32Array(channels).fill(2)
      : variedValues(channels, 2).map((value) => value + 1.2),
    bias: byHand ? new Float32Array(channels).fill(1) : variedValues(channels, 3),
    residual: variedValues(count, 4),
    dy: variedValues(count, 5),
  };
}

type Result = Partial<Record<keyof GroupNormReference, ArrayLike<number>>>;

describeOnBackends<Case, Result>('groupNorm', {
  cases: CASES,
  reference(c) {
    const { residual, ...arrays } = operands(c);
    const { groups, relu = false, eps = 1e-5 } = c;
    const { dResidual, ...all } = groupNormReference({
      ...arrays,
      ...(c.residual === true ? { residual } : {}),
      images: c.shape[0],
      groups,
      relu,
      eps,
    });
    return c.residual === true ? { ...all, dResidual } : all;
  },
  async webgpu(c) {
    const a = operands(c);
    const { groups, relu = false, eps = 1e-5 } = c;
    const shape: [number, number, number, number] = [...c.shape];
    const [y, dx, dWeight, dBias, dResidual] = tf.tidy(() => {
      const inputs: Tensor[] = [
        tf.tensor4d(a.x, shape),
        tf.tensor1d(a.weight),
        tf.tensor1d(a.bias),
      ];
      if (c.residual === true) inputs.push(tf.tensor4d(a.residual, shape));
      const run = (x: Tensor, weight: Tensor, bias: Tensor, residual?: Tensor): Tensor =>
        groupNorm(x.as4D(...shape), weight.as1D(), bias.as1D(), {
          groups,
          relu,
          eps,
          ...(residual === undefined ? {} : { residual: residual.as4D(...shape) }),
        });
      const { value, grads } = tf.valueAndGrads(run as (...x: Tensor[]) => Tensor)(
        inputs,
        tf.tensor4d(a.dy, shape),
      );
      return [value, ...grads];
    });
    const result: Result = {};
    for (const [key, tensor] of Object.entries({ y, dx, dWeight, dBias, dResidual })) {
      if (tensor === undefined) continue;
      Object.assign(result, { [key]: await readTensor(tensor) });
      tensor.dispose();
    }
    return result;
  },
  compare(actual, wanted, c) {
    for (const [key, values] of Object.entries(wanted)) {
      const got = actual[key as keyof GroupNormReference] ?? [];
      expectCloseToScale(got, values, c.tolerance ?? 2e-6, key);
    }
  },
  expected: (c) => (c.hand === undefined ? undefined : { y: c.hand.y }),
});

describeOnGpu('groupNorm', () => {
  gpuTest('a value that is not a number stays in its image and group', async () => {
    await tf.ready();
    const values = variedValues(2 * 4 * 6, 1);
    const at = 5 * 6 + 4; // second image, channel 4: of the second group
    values[at] = Number.NaN;
    const x = tf.tensor4d(values, [2, 1, 4, 6]);
    const ones = tf.ones<tf.Rank.R1>([6]);
    const y = groupNorm(x, ones, ones, { groups: 2, eps: 1e-5, relu: false });
    const result = await readTensor(y);
    result.forEach((value, i) => {
      expect(Number.isNaN(value), `element ${i}`).toBe(i >= 24 && i % 6 >= 3);
    });
    tf.dispose([x, ones, y]);
  });

  gpuTest('two runs agree bit for bit', async () => {
    const x = tf.tensor4d(variedValues(2 * 40 * 40 * 6, 1), [2, 40, 40, 6]);
    const dy = tf.tensor4d(variedValues(x.size, 2), x.shape);
    const ones = tf.ones<tf.Rank.R1>([6]);
    const run = async (): Promise<readonly Float32Array[]> => {
      const f = (input: Tensor, weight: Tensor): Tensor =>
        groupNorm(input.as4D(...x.shape), weight.as1D(), ones, { groups: 3, eps: 0, relu: true });
      const tensors = tf.tidy(() => {
        const { value, grads } = tf.valueAndGrads(f as (...inputs: Tensor[]) => Tensor)(
          [x, ones],
          dy,
        );
        return [value, ...grads];
      });
      const read = await Promise.all(tensors.map((tensor) => readTensor(tensor)));
      tf.dispose(tensors);
      return read;
    };
    expect(await run()).toEqual(await run());
    tf.dispose([x, dy, ones]);
  });

  gpuTest('groups that do not divide the channels are refused', async () => {
    await tf.ready();
    const x = tf.ones<tf.Rank.R4>([1, 2, 2, 6]);
    const ones = tf.ones<tf.Rank.R1>([6]);
    expect(() => groupNorm(x, ones, ones, { groups: 4, eps: 1e-5, relu: false })).toThrow(
      /do not divide/,
    );
    tf.dispose([x, ones]);
  });
});
