import { expect } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { describeOnBackends } from '../host/describe-on-backends.ts';
import { variedValues } from '../host/varied-values.ts';
import { reluGrad } from './relu-grad.ts';
import { reluGradReference } from './relu-grad.reference.ts';

interface Case {
  readonly name: string;
  readonly dy: Float32Array<ArrayBuffer>;
  readonly y: Float32Array<ArrayBuffer>;
  readonly expected?: readonly number[];
}

describeOnBackends<Case, readonly number[]>('reluGrad', {
  cases: [
    { name: 'one value', dy: variedValues(1, 1), y: variedValues(1, 2) },
    { name: 'not a multiple of the workgroup', dy: variedValues(131, 1), y: variedValues(131, 2) },
    {
      name: 'nothing passes at zero, minus zero or below',
      dy: Float32Array.of(1, 2, 3, 4, 5),
      y: Float32Array.of(0, -0, -1, 1e-30, 7),
      expected: [0, 0, 0, 4, 5],
    },
    {
      name: 'an infinite gradient is stopped, not multiplied',
      dy: Float32Array.of(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
      y: Float32Array.of(0, 1),
      expected: [0, Number.POSITIVE_INFINITY],
    },
  ],
  reference: (c) => [...reluGradReference(c.dy, c.y)],
  async webgpu(c) {
    const tensors = [tf.tensor1d(c.dy), tf.tensor1d(c.y)] as const;
    const result = reluGrad(...tensors);
    const values = await readTensor(result);
    tf.dispose([...tensors, result]);
    return [...values];
  },
  compare: (actual, wanted) => expect(actual).toEqual(wanted),
  expected: (c) => c.expected,
});
