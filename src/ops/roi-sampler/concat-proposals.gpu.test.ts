import { expect } from 'vitest';
import { readIntTensor, readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { describeOnBackends, describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import { concatProposalsReference } from './concat-proposals.reference.ts';
import { concatProposals } from './concat-proposals.ts';

interface Case {
  readonly name: string;
  readonly rows: number;
  readonly gtRows: number;
  /** How many proposals and ground truths each image has. */
  readonly counts: readonly (readonly [proposals: number, gts: number])[];
  readonly expected?: Concatenated;
}

interface Concatenated {
  readonly boxes: readonly number[];
  readonly counts: readonly number[];
}

/** Row `row` of image `image`, told apart from all others. */
function boxes(image: number, rows: number, sign: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: rows * 4 }, (_, at) => sign * (image * 10_000 + at + 1));
}

describeOnBackends<Case, Concatenated>('concatProposals', {
  cases: [
    {
      name: 'by hand',
      rows: 2,
      gtRows: 2,
      counts: [[1, 2]],
      expected: {
        boxes: [1, 2, 3, 4, -1, -2, -3, -4, -5, -6, -7, -8, 0, 0, 0, 0],
        counts: [3],
      },
    },
    {
      name: 'three images, full, empty and without ground truths',
      rows: 100,
      gtRows: 7,
      counts: [
        [100, 7],
        [0, 0],
        [63, 0],
        [0, 5],
      ],
    },
  ],
  reference: ({ rows, gtRows, counts }) => ({
    boxes: counts.flatMap(([own, gts], image) =>
      concatProposalsReference(boxes(image, own, 1), boxes(image, gts, -1), rows + gtRows),
    ),
    counts: counts.map(([own, gts]) => own + gts),
  }),
  async webgpu({ rows, gtRows, counts }) {
    const all = (length: number, sign: number) =>
      tf.tensor3d(
        Float32Array.from(counts.flatMap((_, image) => [...boxes(image, length, sign)])),
        [counts.length, length, 4],
      );
    const inputs = {
      proposals: all(rows, 1),
      proposalCounts: tf.tensor1d(
        counts.map(([own]) => own),
        'int32',
      ),
      gtBoxes: all(gtRows, -1),
      gtCounts: tf.tensor1d(
        counts.map(([, gts]) => gts),
        'int32',
      ),
    };
    const result = concatProposals(inputs);
    const values = {
      boxes: [...(await readTensor(result.proposals))],
      counts: [...(await readIntTensor(result.counts))],
    };
    tf.dispose([...Object.values(inputs), ...Object.values(result)]);
    return values;
  },
  compare: (actual, expected) => expect(actual).toEqual(expected),
  expected: ({ expected }) => expected,
});

describeOnGpu('concatProposals', () => {
  gpuTest('refuses counts of another batch', async () => {
    await tf.ready();
    const proposals = tf.zeros([2, 3, 4]);
    const counts = tf.zeros([1], 'int32');
    expect(() =>
      concatProposals({ proposals, proposalCounts: counts, gtBoxes: proposals, gtCounts: counts }),
    ).toThrow(/proposalCounts must be int32 \[2\], got int32 \[1\]/);
    tf.dispose([proposals, counts]);
  });
});
