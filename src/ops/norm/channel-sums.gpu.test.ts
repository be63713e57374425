import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { describeOnBackends, expectClose } from '../host/describe-on-backends.ts';
import { expectCloseToScale } from '../host/expect-close-to-scale.ts';
import { variedValues } from '../host/varied-values.ts';
import { channelSums } from './channel-sums.ts';
import { channelSumsReference } from './channel-sums.reference.ts';

interface Case {
  readonly name: string;
  readonly rows: number;
  readonly channels: number;
  readonly sums?: readonly number[];
}

const CASES: readonly Case[] = [
  { name: 'one row', rows: 1, channels: 5 },
  { name: 'one channel', rows: 37, channels: 1 },
  { name: 'exactly one chunk', rows: 16, channels: 8 },
  { name: 'one row over a chunk', rows: 17, channels: 8 },
  { name: 'channels not a multiple of 4', rows: 50, channels: 27 },
  { name: 'more channels than a workgroup', rows: 33, channels: 67 },
  { name: 'many chunks, the last one short', rows: 4099, channels: 6 },
  { name: 'more rows than 256 chunks of 16', rows: 9001, channels: 3 },
];

describeOnBackends<Case, ArrayLike<number>>('channel sums', {
  cases: CASES,
  reference: (c) => channelSumsReference(variedValues(c.rows * c.channels, 1), c.channels),
  async webgpu(c) {
    const a = tf.tensor2d(variedValues(c.rows * c.channels, 1), [c.rows, c.channels]);
    const sums = channelSums(a);
    const values = await readTensor(sums);
    tf.dispose([a, sums]);
    return values;
  },
  compare(actual, wanted, { rows }) {
    // The terms are of the order of 1 and cancel; rounding grows with their number, not with the sum.
    expectClose(actual, wanted, { absolute: rows * 1.5e-7, relative: 1e-6 });
  },
});

/** Σ of 1 … rows, by Gauss, in each of two channels (the second negated). */
describeOnBackends<Case, ArrayLike<number>>('channel sums by hand', {
  cases: [
    { name: '1 … 100', rows: 100, channels: 2, sums: [5050, -5050] },
    { name: '1 … 3', rows: 3, channels: 2, sums: [6, -6] },
  ],
  reference: (c) => channelSumsReference(counted(c), 2),
  async webgpu(c) {
    const a = tf.tensor4d(counted(c), [1, c.rows, 1, 2]);
    const sums = channelSums(a);
    const values = await readTensor(sums);
    tf.dispose([a, sums]);
    return values;
  },
  compare: (actual, wanted) => expectCloseToScale(actual, wanted, 1e-7, 'sums'),
  expected: (c) => c.sums,
});

function counted({ rows }: Case): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: rows * 2 }, (_, i) =>
    i % 2 === 0 ? i / 2 + 1 : -(i + 1) / 2,
  );
}
