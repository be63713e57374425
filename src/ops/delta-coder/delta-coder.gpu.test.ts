import { expect, test } from 'vitest';
import { rng } from '../../base/rng.ts';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import { readCoderOracle } from './delta-coder.oracle.ts';
import { decodeReference } from './delta-coder.reference.ts';
import type { HeightWidthPair } from './delta-coder.reference.ts';
import { decodeDeltas } from './delta-coder.ts';
import type { DecodeOptions } from './delta-coder.ts';
import { randomEighths } from './random-boxes.ts';

interface Case {
  readonly name: string;
  /** [N, 4], or [B, N, 4] with `ownAnchors`. */
  readonly anchors: readonly number[];
  readonly ownAnchors?: boolean;
  /** Per image, [N, 4]. */
  readonly deltas: readonly (readonly number[])[];
  readonly maxShapes: readonly HeightWidthPair[] | null;
  readonly shapesType?: 'float32' | 'int32';
  readonly options?: DecodeOptions;
  readonly expected?: readonly number[];
}

const random = rng(6);
function randomDeltas(count: number, scale = 2): number[] {
  return Array.from({ length: count * 4 }, () => Math.fround(random.normal() * scale));
}

const { NaN: NAN } = Number;
const cases: Case[] = [
  {
    name: 'zero deltas give the anchor, clipped to both ends inclusive',
    anchors: [-5, 2, 10, 40, 3, 3, 20, 30],
    deltas: [[0, 0, 0, 0, 0, 0, 0, 0]],
    maxShapes: [[30, 20]],
    expected: [0, 2, 10, 30, 3, 3, 20, 30],
  },
  {
    name: 'sizes are clamped on both sides at 16 / 1000',
    anchors: [0, 0, 1, 1],
    deltas: [[0, 0, 100, -100]],
    maxShapes: null,
    options: { clipBorder: false },
    expected: [0.5 - 31.25, 0.5 - 0.008, 0.5 + 31.25, 0.5 + 0.008],
  },
  {
    name: 'sizes are clamped only from above, as in torchvision',
    anchors: [0, 0, 1, 1, 0, 0, 64, 64],
    deltas: [[0, 0, 100, -100, 0, 0, Math.log(1 / 128), -1]],
    maxShapes: null,
    options: { clipBorder: false, clampAboveOnly: true },
    expected: [
      0.5 - 31.25,
      0.5,
      0.5 + 31.25,
      0.5,
      31.75,
      32 - 32 / Math.E,
      32.25,
      32 + 32 / Math.E,
    ],
  },
  {
    name: 'NaN stays NaN and leaves its neighbours alone',
    anchors: [0, 0, 10, 10, 0, 0, 10, 10, 0, 0, 10, 10],
    deltas: [[NAN, 0, 0, 0, 0, 0, 0, NAN, 0, 0, 0, 0]],
    maxShapes: [[8, 8]],
    expected: [NAN, 0, NAN, 8, 0, NAN, 8, NAN, 0, 0, 8, 8],
  },
  {
    name: 'whole-number image shapes',
    anchors: [0, 0, 10, 10],
    deltas: [[0, 0, 0, 0]],
    maxShapes: [[7, 6]],
    shapesType: 'int32',
    expected: [0, 0, 6, 7],
  },
  {
    // MMDetection's own unit test of the coder.
    name: 'upstream literals',
    anchors: [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 5, 5, 5, 5],
    deltas: [[0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 2, -1, 0.7, -1.9, -0.5, 0.3]],
    maxShapes: [[32, 32]],
    expected: [0, 0, 1, 1, 0.1409, 0.1409, 2.8591, 2.8591, 0, 0.3161, 4.1945, 0.6839, 5, 5, 5, 5],
  },
  {
    name: 'two images of different size, shared anchors',
    anchors: randomEighths(random, 77),
    deltas: [randomDeltas(77), randomDeltas(77)],
    maxShapes: [
      [64, 96],
      [33, 90],
    ],
  },
  {
    name: 'two images, anchors of their own, R-CNN stds',
    anchors: randomEighths(random, 154),
    ownAnchors: true,
    deltas: [randomDeltas(77, 9), randomDeltas(77, 9)],
    maxShapes: [
      [64, 96],
      [33, 90],
    ],
    options: { stds: [0.1, 0.1, 0.2, 0.2], means: [0.1, -0.1, 0, 0.2] },
  },
  {
    name: 'centre clamp',
    anchors: randomEighths(random, 50),
    deltas: [randomDeltas(50, 5)],
    maxShapes: [[200, 200]],
    options: { addCtrClamp: true, ctrClamp: 7 },
  },
];

const oracle = await readCoderOracle();
for (const { name, anchors, deltas, maxShape, options, ...known } of oracle ?? []) {
  const input = { anchors, deltas: [deltas], maxShapes: [maxShape] };
  cases.push({ ...input, name, options, expected: known.decoded });
  if (known.decodedUnclipped !== undefined) {
    cases.push({
      ...input,
      name: `${name}, not clipped`,
      options: { ...options, clipBorder: false },
      expected: known.decodedUnclipped,
    });
  }
}
test.skipIf(oracle === undefined)('oracle of the coder is there (skipped where absent)', () => {
  expect(oracle?.length).toBe(6);
});

describeOnBackends<Case, ArrayLike<number>>('decodeDeltas', {
  cases,
  reference: ({ anchors, ownAnchors = false, deltas, maxShapes, options }) =>
    deltas.flatMap((own, image) =>
      decodeReference(
        ownAnchors ? anchors.slice(image * own.length, (image + 1) * own.length) : anchors,
        own,
        (options?.clipBorder ?? true) ? (maxShapes?.[image] ?? null) : null,
        options,
      ),
    ),
  async webgpu({ anchors, ownAnchors = false, deltas, maxShapes, shapesType, options }) {
    const batch = deltas.length;
    const count = (deltas[0]?.length ?? 0) / 4;
    const anchorTensor = tf.tensor([...anchors], ownAnchors ? [batch, count, 4] : [count, 4]);
    const deltaTensor = tf.tensor3d(deltas.flat(), [batch, count, 4]);
    const shapes =
      maxShapes === null
        ? null
        : tf.tensor2d(maxShapes.flat(), [batch, 2], shapesType ?? 'float32');
    const boxes = decodeDeltas(anchorTensor, deltaTensor, shapes, options);
    const values = await readTensor(boxes);
    tf.dispose([anchorTensor, deltaTensor, ...(shapes === null ? [] : [shapes]), boxes]);
    return values;
  },
  // Pixels of images a few hundred wide.
  compare: (actual, expected) => expectClose(actual, expected, { absolute: 1e-4 }),
  expected: (input) => input.expected,
});

describeOnGpu('decodeDeltas', () => {
  gpuTest('refuses to clip without shapes, and stds of 0', async () => {
    await tf.ready();
    const anchors = tf.zeros([2, 4]);
    const deltas = tf.zeros([1, 2, 4]);
    expect(() => decodeDeltas(anchors, deltas, null)).toThrow(/maxShapes is needed/);
    expect(() =>
      decodeDeltas(anchors, deltas, null, { clipBorder: false, stds: [0, 1, 1, 1] }),
    ).toThrow(/stds must be above 0/);
    tf.dispose([anchors, deltas]);
  });
});
