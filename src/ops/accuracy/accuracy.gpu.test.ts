import { expect } from 'vitest';
import { rng } from '../../base/rng.ts';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import { accuracyReference } from './accuracy.reference.ts';
import { accuracy } from './accuracy.ts';

interface Case {
  readonly name: string;
  /** [R, C] */
  readonly logits: readonly number[];
  readonly labels: readonly number[];
  readonly expected?: number;
}

function randomCase(name: string, rows: number, classes: number): Case {
  const random = rng(61, rows);
  return {
    name,
    // Few values, so that there are ties.
    logits: Array.from({ length: rows * classes }, () => random.int(-3, 4)),
    labels: Array.from({ length: rows }, () => random.int(-1, classes)),
  };
}

const { NaN: NAN } = Number;
describeOnBackends<Case, number>('accuracy', {
  cases: [
    {
      name: 'by hand: right, wrong, background right, not counted',
      logits: [2, 1, 0, 2, 1, 0, 0, 1, 2, 9, 0, 0],
      labels: [0, 1, 2, -1],
      expected: 200 / 3,
    },
    { name: 'of equal logits the first', logits: [1, 1, 1, 1], labels: [0, 1], expected: 50 },
    { name: 'no rows that count', logits: [1, 0], labels: [-1], expected: 0 },
    { name: 'one class', logits: [-5], labels: [0], expected: 100 },
    {
      name: 'a row with a NaN is wrong',
      logits: [NAN, 0, 1, NAN, 1, 0],
      labels: [0, 0, 0],
      expected: 100 / 3,
    },
    randomCase('1023 rows of 21 classes', 1023, 21),
    randomCase('256 rows of 3 classes', 256, 3),
  ],
  reference: ({ logits, labels }) => accuracyReference(logits, labels),
  async webgpu({ logits, labels }) {
    const x = tf.tensor2d([...logits], [labels.length, logits.length / labels.length]);
    const y = tf.tensor1d([...labels], 'int32');
    const percent = accuracy(x, y);
    const [value = NAN] = await readTensor(percent);
    tf.dispose([x, y, percent]);
    return value;
  },
  compare: (actual, expected) => expectClose([actual], [expected], { absolute: 0, relative: 1e-6 }),
  expected: (input) => input.expected,
});

describeOnGpu('accuracy', () => {
  gpuTest('refuses labels of another number', async () => {
    await tf.ready();
    const logits = tf.zeros([2, 3]);
    const labels = tf.zeros([3], 'int32');
    expect(() => accuracy(logits, labels)).toThrow(/labels must be int32 \[2\]/);
    tf.dispose([logits, labels]);
  });
});
