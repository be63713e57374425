import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { describeOnBackends, expectClose } from '../host/describe-on-backends.ts';
import { avgFactor } from './avg-factor.ts';

interface Case {
  readonly name: string;
  readonly numPos: readonly number[];
  readonly expected: number;
}

describeOnBackends<Case, ArrayLike<number>>('avgFactor', {
  cases: [
    { name: 'an image without positives counts as one', numPos: [3, 0, 5], expected: 9 },
    { name: 'one image', numPos: [101], expected: 101 },
    { name: 'none at all', numPos: [0, 0], expected: 2 },
  ],
  reference: ({ numPos }) => [numPos.reduce((sum, count) => sum + Math.max(count, 1), 0)],
  async webgpu({ numPos }) {
    const input = tf.tensor1d([...numPos], 'int32');
    const factor = avgFactor(input);
    const values = await readTensor(factor);
    tf.dispose([input, factor]);
    return values;
  },
  compare: (actual, expected) => expectClose(actual, expected, { absolute: 0, relative: 0 }),
  expected: (input) => [input.expected],
});
