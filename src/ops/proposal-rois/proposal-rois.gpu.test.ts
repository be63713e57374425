import { expect } from 'vitest';
import { readIntTensor, readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { describeOnBackends } from '../host/describe-on-backends.ts';
import { variedValues } from '../host/varied-values.ts';
import { proposalRoisReference } from './proposal-rois.reference.ts';
import { proposalRois } from './proposal-rois.ts';

interface Case {
  readonly name: string;
  readonly proposals: Float32Array<ArrayBuffer>;
  readonly counts: readonly number[];
  readonly expected?: { readonly rois: readonly number[]; readonly present: readonly number[] };
}

interface Result {
  readonly rois: ArrayLike<number>;
  readonly present: ArrayLike<number>;
}

const cases: Case[] = [
  {
    name: 'by hand: what lies behind the count is not there',
    proposals: Float32Array.of(1, 2, 3, 4, 9, 9, 9, 9, 5, 6, 7, 8, 1, 1, 2, 2),
    counts: [1, 2],
    expected: {
      rois: [0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 1, 5, 6, 7, 8, 1, 1, 1, 2, 2],
      present: [1, 0, 1, 1],
    },
  },
  { name: 'no proposal at all', proposals: new Float32Array(3 * 2 * 4), counts: [0, 0] },
  { name: 'NaN behind the count', proposals: Float32Array.of(Number.NaN, 1, 1, 1), counts: [0] },
  { name: '3 × 67 slots', proposals: variedValues(3 * 67 * 4, 3), counts: [67, 0, 31] },
];

describeOnBackends<Case, Result>('proposalRois', {
  cases,
  reference: ({ proposals, counts }) =>
    proposalRoisReference(proposals, Int32Array.from(counts), proposals.length / 4 / counts.length),
  async webgpu({ proposals, counts }) {
    const perImage = proposals.length / 4 / counts.length;
    const inputs = [
      tf.tensor3d(proposals, [counts.length, perImage, 4]),
      tf.tensor1d(Int32Array.from(counts), 'int32'),
    ] as const;
    const { rois, present } = proposalRois(...inputs);
    const result = { rois: await readTensor(rois), present: await readIntTensor(present) };
    tf.dispose([...inputs, rois, present]);
    return result;
  },
  compare(actual, expected) {
    expect(Array.from(actual.rois)).toEqual(Array.from(expected.rois));
    expect(Array.from(actual.present)).toEqual(Array.from(expected.present));
  },
  expected: (input) => input.expected,
});
