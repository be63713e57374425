import { expect } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { describeOnBackends, describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import { variedValues } from '../host/varied-values.ts';
import { matchedBoxesReference } from './matched-boxes.reference.ts';
import { matchedBoxes } from './matched-boxes.ts';

interface Case {
  readonly name: string;
  readonly images: number;
  readonly gtBoxes: Float32Array<ArrayBuffer>;
  readonly matchedGt: readonly number[];
  readonly expected?: readonly number[];
}

const cases: Case[] = [
  {
    name: 'by hand: each image has its own ground truths',
    images: 2,
    gtBoxes: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16),
    matchedGt: [1, -1, 1, -2],
    expected: [5, 6, 7, 8, 0, 0, 0, 0, 13, 14, 15, 16, 0, 0, 0, 0],
  },
  {
    name: '3 × 67 slots',
    images: 3,
    gtBoxes: variedValues(3 * 5 * 4, 1),
    matchedGt: Array.from({ length: 3 * 67 }, (_, i) => (i % 7) - 2),
  },
];

describeOnBackends<Case, ArrayLike<number>>('matchedBoxes', {
  cases,
  reference: ({ gtBoxes, matchedGt, images }) =>
    matchedBoxesReference(gtBoxes, Int32Array.from(matchedGt), images),
  async webgpu({ gtBoxes, matchedGt, images }) {
    const inputs = [
      tf.tensor3d(gtBoxes, [images, gtBoxes.length / 4 / images, 4]),
      tf.tensor1d(Int32Array.from(matchedGt), 'int32'),
    ] as const;
    const boxes = matchedBoxes(...inputs);
    const result = await readTensor(boxes);
    tf.dispose([...inputs, boxes]);
    return result;
  },
  compare: (actual, expected) => expect(Array.from(actual)).toEqual(Array.from(expected)),
  expected: (input) => input.expected,
});

describeOnGpu('matchedBoxes', () => {
  gpuTest('refuses slots that do not divide among the images', async () => {
    await tf.ready();
    const inputs = [tf.zeros([2, 1, 4]), tf.zeros([3], 'int32')] as const;
    expect(() => matchedBoxes(...inputs)).toThrow(/3 slots for 2 images/);
    tf.dispose([...inputs]);
  });
});
