import { expect } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import { avgFactor, avgFactorPerImage, sampledCount, samplingAvgFactor } from './avg-factor.ts';

interface Case {
  readonly name: string;
  readonly numPos: readonly number[];
  readonly numNeg: readonly number[];
  readonly expected: readonly number[];
}

/** A factor, its twin and what it gives for three batches. */
function describeFactor(
  name: string,
  factor: (numPos: Tensor, numNeg: Tensor) => Tensor,
  reference: (input: Case) => readonly number[],
  [mixed, one, none]: readonly [readonly number[], readonly number[], readonly number[]],
): void {
  describeOnBackends<Case, ArrayLike<number>>(name, {
    cases: [
      {
        name: 'an image without positives, one without negatives',
        numPos: [3, 0, 5],
        numNeg: [61, 64, 0],
        expected: mixed,
      },
      { name: 'one image', numPos: [101], numNeg: [155], expected: one },
      { name: 'none at all', numPos: [0, 0], numNeg: [0, 0], expected: none },
    ],
    reference,
    async webgpu({ numPos, numNeg }) {
      const inputs = [
        tf.tensor1d([...numPos], 'int32'),
        tf.tensor1d([...numNeg], 'int32'),
      ] as const;
      const result = factor(...inputs);
      const values = await readTensor(result);
      tf.dispose([...inputs, result]);
      return values;
    },
    compare: (actual, expected) => expectClose(actual, expected, { absolute: 0, relative: 0 }),
    expected: (input) => input.expected,
  });
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const atLeastOne = (values: readonly number[]) => values.map((value) => Math.max(value, 1));

describeFactor('avgFactor', avgFactor, ({ numPos }) => [sum(atLeastOne(numPos))], [
  [9],
  [101],
  [2],
]);
describeFactor(
  'samplingAvgFactor',
  samplingAvgFactor,
  ({ numPos, numNeg }) => [sum(atLeastOne(numPos)) + sum(atLeastOne(numNeg))],
  [[135], [256], [4]],
);
describeFactor('sampledCount', sampledCount, ({ numPos, numNeg }) => [sum(numPos) + sum(numNeg)], [
  [133],
  [256],
  [0],
]);
describeFactor(
  'sampledCount of at least one',
  (numPos, numNeg) => sampledCount(numPos, numNeg, 1),
  ({ numPos, numNeg }) => [Math.max(sum(numPos) + sum(numNeg), 1)],
  [[133], [256], [1]],
);
describeFactor('avgFactorPerImage', avgFactorPerImage, ({ numPos }) => atLeastOne(numPos), [
  [3, 1, 5],
  [101],
  [1, 1],
]);

describeOnGpu('avgFactor', () => {
  gpuTest('refuses counts of another batch', async () => {
    await tf.ready();
    const two = tf.zeros([2], 'int32');
    const one = tf.zeros([1], 'int32');
    expect(() => samplingAvgFactor(two, one)).toThrow(
      /numNeg must be int32 \[2\], got int32 \[1\]/,
    );
    tf.dispose([two, one]);
  });
});
