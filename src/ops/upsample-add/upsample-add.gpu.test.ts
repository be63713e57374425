import { expect } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { describeOnBackends } from '../host/describe-on-backends.ts';
import { expectCloseToScale } from '../host/expect-close-to-scale.ts';
import { variedValues } from '../host/varied-values.ts';
import { upsampleAdd } from './upsample-add.ts';
import { upsampleAddReference } from './upsample-add.reference.ts';
import type { UpsampleAddShape } from './upsample-add.reference.ts';

interface Case extends UpsampleAddShape {
  readonly name: string;
  /** Known y and dSmall for lateral = 0, small = 1, 2, …, dy = 1. */
  readonly hand?: { readonly y: number[]; readonly dSmall: number[] };
}

const base = { batch: 2, channels: 3 };

const CASES: readonly Case[] = [
  { name: 'twice', ...base, height: 8, width: 10, smallHeight: 4, smallWidth: 5 },
  { name: 'equal sizes', ...base, height: 4, width: 5, smallHeight: 4, smallWidth: 5 },
  { name: '3 to 5 and 3 to 6', ...base, height: 5, width: 6, smallHeight: 3, smallWidth: 3 },
  {
    name: 'odd pyramid sides: 7 to 13, 13 to 25',
    ...base,
    height: 13,
    width: 25,
    smallHeight: 7,
    smallWidth: 13,
  },
  {
    name: '5 to 13, 7 to 20',
    ...base,
    height: 13,
    width: 20,
    smallHeight: 5,
    smallWidth: 7,
    channels: 5,
  },
  { name: 'one pixel to many', ...base, height: 3, width: 4, smallHeight: 1, smallWidth: 1 },
  { name: 'one pixel to one', ...base, height: 1, width: 1, smallHeight: 1, smallWidth: 1 },
  { name: 'one row', ...base, height: 1, width: 9, smallHeight: 1, smallWidth: 5, channels: 8 },
  {
    name: 'by hand: 3 to 5',
    batch: 1,
    height: 1,
    width: 5,
    channels: 1,
    smallHeight: 1,
    smallWidth: 3,
    hand: { y: [1, 1, 2, 2, 3], dSmall: [2, 2, 1] },
  },
];

function operands(c: Case) {
  const large = c.batch * c.height * c.width * c.channels;
  const small = c.batch * c.smallHeight * c.smallWidth * c.channels;
  if (c.hand !== undefined) {
    return {
      lateral: new Float32Array(large),
      small: Float32Array.from({ length: small }, (_, i) => i + 1),
      dy: new Float32Array(large).fill(1),
    };
  }
  return {
    lateral: variedValues(large, 1),
    small: variedValues(small, 2),
    dy: variedValues(large, 3),
  };
}

interface Result {
  readonly y: ArrayLike<number>;
  readonly dSmall: ArrayLike<number>;
  readonly dLateral?: ArrayLike<number>;
}

describeOnBackends<Case, Result>('upsampleAdd', {
  cases: CASES,
  reference(c) {
    const { lateral, small, dy } = operands(c);
    return { ...upsampleAddReference(c, lateral, small, dy), dLateral: dy };
  },
  async webgpu(c) {
    const arrays = operands(c);
    const large: [number, number, number, number] = [c.batch, c.height, c.width, c.channels];
    const tensors = tf.tidy(() => {
      const inputs: Tensor[] = [
        tf.tensor4d(arrays.lateral, large),
        tf.tensor4d(arrays.small, [c.batch, c.smallHeight, c.smallWidth, c.channels]),
      ];
      const run = (lateral: Tensor, small: Tensor): Tensor =>
        upsampleAdd(lateral as tf.Tensor4D, small as tf.Tensor4D);
      const { value, grads } = tf.valueAndGrads(run as (...x: Tensor[]) => Tensor)(
        inputs,
        tf.tensor4d(arrays.dy, large),
      );
      return [value, ...grads];
    });
    const [y, dLateral, dSmall] = await Promise.all(tensors.map((tensor) => readTensor(tensor)));
    tf.dispose(tensors);
    if (y === undefined || dLateral === undefined || dSmall === undefined)
      throw new Error('three results');
    return { y, dLateral, dSmall };
  },
  compare(actual, wanted) {
    expectCloseToScale(actual.y, wanted.y, 1e-6, 'y');
    expectCloseToScale(actual.dSmall, wanted.dSmall, 1e-6, 'dSmall');
    if (wanted.dLateral !== undefined) {
      expect(Array.from(actual.dLateral ?? [])).toEqual(Array.from(wanted.dLateral));
    }
  },
  expected: (c) => c.hand,
});
