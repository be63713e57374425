import { expect, test } from 'vitest';
import { rng } from '../../base/rng.ts';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { readCoderOracle } from '../delta-coder/delta-coder.oracle.ts';
import { randomEighths } from '../delta-coder/random-boxes.ts';
import type { DeltaCoderOptions, FourNumbers } from '../delta-coder/delta-coder.ts';
import { describeOnBackends, expectClose } from '../host/describe-on-backends.ts';
import { bboxTargetsReference } from './bbox-targets.reference.ts';
import { bboxTargets } from './bbox-targets.ts';

interface Case {
  readonly name: string;
  readonly anchors: readonly number[];
  readonly images: readonly {
    readonly gtBoxes: readonly number[];
    readonly assigned: readonly number[];
  }[];
  readonly options?: DeltaCoderOptions;
  readonly expected?: readonly number[];
}

const random = rng(5);
const rcnnStds: FourNumbers = [0.1, 0.1, 0.2, 0.2];
const cases: Case[] = [
  {
    // Anchor centre (5, 5), size 10; box centre (10, 5), size 20 × 5: dx = .5, dy = 0, dw = ln 2, dh = −ln 2.
    name: 'by hand, one positive, one background, one ignored',
    anchors: [0, 0, 10, 10, 0, 0, 10, 10, 0, 0, 10, 10],
    images: [{ gtBoxes: [9, 9, 9, 9, 0, 2.5, 20, 7.5], assigned: [1, -1, -2] }],
    expected: [0.5, 0, Math.LN2, -Math.LN2, 0, 0, 0, 0, 0, 0, 0, 0],
  },
  {
    name: 'means and stds',
    anchors: [0, 0, 10, 10],
    images: [{ gtBoxes: [0, 2.5, 20, 7.5], assigned: [0] }],
    options: { means: [0.1, 0.1, 0, 0], stds: rcnnStds },
    expected: [4, -1, Math.LN2 / 0.2, -Math.LN2 / 0.2],
  },
  {
    name: 'a ground truth of no width gives −Infinity, as in MMDetection',
    anchors: [0, 0, 10, 10],
    images: [{ gtBoxes: [5, 0, 5, 10], assigned: [0] }],
    expected: [0, 0, Number.NEGATIVE_INFINITY, 0],
  },
  {
    name: '200 anchors, three images',
    anchors: randomEighths(random, 200),
    images: Array.from({ length: 3 }, () => ({
      gtBoxes: randomEighths(random, 7),
      assigned: Array.from({ length: 200 }, () => random.int(-2, 7)),
    })),
    options: { stds: rcnnStds },
  },
];

const oracle = await readCoderOracle();
for (const { name, anchors, gtBoxes, encoded, options } of oracle ?? []) {
  const assigned = Array.from({ length: gtBoxes.length / 4 }, (_, index) => index);
  cases.push({ name, anchors, images: [{ gtBoxes, assigned }], options, expected: encoded });
}
test.skipIf(oracle === undefined)('oracle of the coder is there (skipped where absent)', () => {
  expect(oracle?.length).toBe(6);
});

describeOnBackends<Case, ArrayLike<number>>('bboxTargets', {
  cases,
  reference: ({ anchors, images, options }) =>
    images.flatMap(({ gtBoxes, assigned }) =>
      bboxTargetsReference(anchors, gtBoxes, assigned, options),
    ),
  async webgpu({ anchors, images, options }) {
    const batch = images.length;
    const inputs = [
      tf.tensor2d([...anchors], [anchors.length / 4, 4]),
      tf.tensor3d(
        images.flatMap(({ gtBoxes }) => [...gtBoxes]),
        [batch, (images[0]?.gtBoxes.length ?? 0) / 4, 4],
      ),
      tf.tensor2d(
        images.flatMap(({ assigned }) => [...assigned]),
        [batch, anchors.length / 4],
        'int32',
      ),
    ] as const;
    const targets = bboxTargets(...inputs, options);
    const values = await readTensor(targets);
    tf.dispose([...inputs, targets]);
    return values;
  },
  compare: (actual, expected) => expectClose(actual, expected),
  expected: (input) => input.expected,
});
