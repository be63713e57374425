import { expect } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { describeOnBackends } from '../host/describe-on-backends.ts';
import { expectCloseToScale } from '../host/expect-close-to-scale.ts';
import { variedValues } from '../host/varied-values.ts';
import { groupNormOnMaps } from './group-norm.ts';
import { groupNormReference } from './group-norm.reference.ts';

interface Case {
  readonly name: string;
  readonly images: number;
  readonly channels: number;
  readonly groups: number;
  readonly relu: boolean;
  /** Height and width of each map. */
  readonly maps: readonly (readonly [number, number])[];
}

const base = { images: 2, channels: 8, groups: 4, relu: true };

const CASES: readonly Case[] = [
  { name: 'one map', ...base, maps: [[5, 7]] },
  {
    name: 'a pyramid, relu',
    ...base,
    maps: [
      [16, 20],
      [8, 10],
      [4, 5],
      [2, 3],
      [1, 2],
    ],
  },
  {
    name: 'a pyramid without relu, channels not a multiple of 4',
    ...base,
    images: 1,
    channels: 6,
    groups: 2,
    relu: false,
    maps: [
      [9, 5],
      [5, 3],
      [2, 2],
    ],
  },
  {
    name: 'maps of one size, more channels than a workgroup',
    ...base,
    channels: 69,
    groups: 3,
    maps: [
      [4, 4],
      [4, 4],
    ],
  },
];

function operands({ images, channels, maps }: Case) {
  return {
    weight: variedValues(channels, 1).map((value) => value + 1.2),
    bias: variedValues(channels, 2),
    maps: maps.map(([height, width], i) => {
      const size: [number, number, number, number] = [images, height, width, channels];
      const count = images * height * width * channels;
      return { size, x: variedValues(count, 10 + i), dy: variedValues(count, 20 + i) };
    }),
  };
}

/** y of every map, dx of every map, dWeight, dBias. */
describeOnBackends<Case, readonly ArrayLike<number>[]>('groupNorm on several maps', {
  cases: CASES,
  reference(c) {
    const { maps, ...vectors } = operands(c);
    const { images, groups, relu } = c;
    const results = maps.map(({ x, dy }) =>
      groupNormReference({ ...vectors, x, dy, images, groups, relu, eps: 1e-5 }),
    );
    const sumOf = (key: 'dWeight' | 'dBias'): Float64Array =>
      Float64Array.from({ length: c.channels }, (_, channel) =>
        results.reduce((sum, result) => sum + (result[key][channel] ?? 0), 0),
      );
    return [
      ...results.map(({ y }) => y),
      ...results.map(({ dx }) => dx),
      sumOf('dWeight'),
      sumOf('dBias'),
    ];
  },
  async webgpu(c) {
    const { weight, bias, maps } = operands(c);
    const { groups, relu } = c;
    const tensors = tf.tidy(() => {
      const ys: Tensor[] = [];
      const loss = (w: Tensor, b: Tensor, ...xs: Tensor[]): Tensor => {
        const inputs = maps.map(({ size }, i) => (xs[i] ?? tf.zeros(size)).as4D(...size));
        const options = { groups, relu, eps: 1e-5 };
        const outputs = groupNormOnMaps(inputs, w.as1D(), b.as1D(), options);
        ys.push(...outputs.map((y) => tf.keep(y.clone())));
        return tf.addN(
          outputs.map((y, i) => tf.sum(y.mul(tf.tensor4d(maps[i]?.dy ?? [], maps[i]?.size)))),
        );
      };
      const inputs = [
        tf.tensor1d(weight),
        tf.tensor1d(bias),
        ...maps.map(({ x, size }) => tf.tensor4d(x, size)),
      ];
      const grads = tf.grads(loss as (...inputs: Tensor[]) => Tensor)(inputs);
      return [...ys, ...grads.slice(2), ...grads.slice(0, 2)];
    });
    const read: ArrayLike<number>[] = [];
    for (const tensor of tensors) {
      read.push(await readTensor(tensor));
      tensor.dispose();
    }
    return read;
  },
  compare(actual, wanted) {
    expect(actual).toHaveLength(wanted.length);
    wanted.forEach((values, i) => expectCloseToScale(actual[i] ?? [], values, 5e-6, `result ${i}`));
  },
});
