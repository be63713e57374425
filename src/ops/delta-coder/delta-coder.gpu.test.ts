import { expect, test } from 'vitest';
import { z } from 'zod';
import { rng } from '../../base/rng.ts';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import { readCasepack, readOracleJson } from '../oracle/casepack.ts';
import { decodeReference, encodeReference } from './delta-coder.reference.ts';
import type { HeightWidthPair } from './delta-coder.reference.ts';
import { bboxTargets, decodeDeltas } from './delta-coder.ts';
import type { DecodeOptions, DeltaCoderOptions, FourNumbers } from './delta-coder.ts';

interface EncodeCase {
  readonly name: string;
  readonly anchors: readonly number[];
  /** Per image. */
  readonly images: readonly {
    readonly gtBoxes: readonly number[];
    readonly assigned: readonly number[];
  }[];
  readonly options?: DeltaCoderOptions;
  readonly expected?: readonly number[];
}

interface DecodeCase {
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
  readonly absolute?: number;
}

const random = rng(5);
/** Coordinates are multiples of 1/8, so that centres and sizes are exact in float32 too. */
function randomBoxes(count: number): number[] {
  const eighths = (low: number, high: number) => random.int(low * 8, high * 8) / 8;
  return Array.from({ length: count }, () => {
    const x = eighths(0, 90);
    const y = eighths(0, 60);
    return [x, y, x + eighths(1, 40), y + eighths(1, 40)];
  }).flat();
}
function randomDeltas(count: number, scale = 2): number[] {
  return Array.from({ length: count * 4 }, () => Math.fround(random.normal() * scale));
}

const rcnnStds: FourNumbers = [0.1, 0.1, 0.2, 0.2];
const encodeCases: EncodeCase[] = [
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
    anchors: randomBoxes(200),
    images: Array.from({ length: 3 }, () => ({
      gtBoxes: randomBoxes(7),
      assigned: Array.from({ length: 200 }, () => random.int(-2, 7)),
    })),
    options: { stds: rcnnStds },
  },
];

const decodeCases: DecodeCase[] = [
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
    name: 'NaN stays NaN and leaves its neighbours alone',
    anchors: [0, 0, 10, 10, 0, 0, 10, 10],
    deltas: [[Number.NaN, 0, 0, Number.NaN, 0, 0, 0, 0]],
    maxShapes: [[8, 8]],
    expected: [Number.NaN, Number.NaN, Number.NaN, Number.NaN, 0, 0, 8, 8],
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
    name: 'two images of different size, shared anchors',
    anchors: randomBoxes(77),
    deltas: [randomDeltas(77), randomDeltas(77)],
    maxShapes: [
      [64, 96],
      [33, 90],
    ],
  },
  {
    name: 'two images, anchors of their own, R-CNN stds',
    anchors: randomBoxes(154),
    ownAnchors: true,
    deltas: [randomDeltas(77, 9), randomDeltas(77, 9)],
    maxShapes: [
      [64, 96],
      [33, 90],
    ],
    options: { stds: rcnnStds, means: [0.1, -0.1, 0, 0.2] },
  },
  {
    name: 'centre clamp',
    anchors: randomBoxes(50),
    deltas: [randomDeltas(50, 5)],
    maxShapes: [[200, 200]],
    options: { addCtrClamp: true, ctrClamp: 7 },
  },
];

const fours = z.array(z.array(z.number()));
const coderFile = z.object({
  rois: fours,
  gts: fours,
  cases: z.array(
    z.object({
      name: z.string(),
      cfg: z.object({
        target_means: z.tuple([z.number(), z.number(), z.number(), z.number()]).optional(),
        target_stds: z.tuple([z.number(), z.number(), z.number(), z.number()]).optional(),
        clip_border: z.boolean().optional(),
        add_ctr_clamp: z.boolean().optional(),
        ctr_clamp: z.number().optional(),
      }),
      encoded: fours,
      deltas: fours,
      max_shape_hw: z.tuple([z.number(), z.number()]),
      decoded: fours,
    }),
  ),
  from_tests: z.object({
    rois: fours,
    deltas: fours,
    max_shape_hw: z.tuple([z.number(), z.number()]),
    decoded: fours,
    atol: z.number(),
  }),
});

const json = await readOracleJson('mmdet/delta_xywh_coder.json');
const pack = await readCasepack('ops/assign');
if (json !== undefined) {
  const file = coderFile.parse(json);
  for (const item of file.cases) {
    const { cfg } = item;
    const options: DecodeOptions = {
      means: cfg.target_means ?? [0, 0, 0, 0],
      stds: cfg.target_stds ?? [1, 1, 1, 1],
      clipBorder: cfg.clip_border ?? true,
      addCtrClamp: cfg.add_ctr_clamp ?? false,
      ctrClamp: cfg.ctr_clamp ?? 32,
    };
    encodeCases.push({
      name: `MMDetection ${item.name}`,
      anchors: file.rois.flat(),
      images: [{ gtBoxes: file.gts.flat(), assigned: file.gts.map((_, index) => index) }],
      options,
      expected: item.encoded.flat(),
    });
    decodeCases.push({
      name: `MMDetection ${item.name}`,
      anchors: file.rois.flat(),
      deltas: [item.deltas.flat()],
      maxShapes: [item.max_shape_hw],
      options,
      expected: item.decoded.flat(),
    });
  }
  decodeCases.push({
    name: 'MMDetection’s own unit test',
    anchors: file.from_tests.rois.flat(),
    deltas: [file.from_tests.deltas.flat()],
    maxShapes: [file.from_tests.max_shape_hw],
    expected: file.from_tests.decoded.flat(),
    absolute: file.from_tests.atol,
  });
}
for (const item of pack?.filter(({ op }) => op === 'mmdet_delta_coder') ?? []) {
  const [meanX = 0, meanY = 0, meanW = 0, meanH = 0] = item.numbers('means');
  const [stdX = 1, stdY = 1, stdW = 1, stdH = 1] = item.numbers('stds');
  const options: DecodeOptions = {
    means: [meanX, meanY, meanW, meanH],
    stds: [stdX, stdY, stdW, stdH],
    whRatioClip: item.number('wh_ratio_clip'),
  };
  const anchors = [...item.array('anchors').data];
  const gtBoxes = [...item.array('gts').data];
  encodeCases.push({
    name: `casepack ${item.name}`,
    anchors,
    images: [
      { gtBoxes, assigned: Array.from({ length: gtBoxes.length / 4 }, (_, index) => index) },
    ],
    options,
    expected: [...item.array('encoded').data],
  });
  for (const clipBorder of [true, false]) {
    decodeCases.push({
      name: `casepack ${item.name}${clipBorder ? '' : ', not clipped'}`,
      anchors,
      deltas: [[...item.array('deltas').data]],
      maxShapes: [[item.number('max_h'), item.number('max_w')]],
      options: { ...options, clipBorder },
      expected: [...item.array(clipBorder ? 'decoded' : 'decoded_unclipped').data],
    });
  }
}
for (const [name, found] of Object.entries({ delta_xywh_coder: json, 'ops/assign': pack })) {
  test.skipIf(found === undefined)(`oracle ${name} is there (skipped where it is absent)`, () => {
    expect(found).toBeDefined();
  });
}

describeOnBackends<EncodeCase, ArrayLike<number>>('bboxTargets', {
  cases: encodeCases,
  reference: ({ anchors, images, options }) =>
    images.flatMap(({ gtBoxes, assigned }) => encodeReference(anchors, gtBoxes, assigned, options)),
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

describeOnBackends<DecodeCase, ArrayLike<number>>('decodeDeltas', {
  cases: decodeCases,
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
  compare: (actual, expected, { absolute = 1e-4 }) => expectClose(actual, expected, { absolute }),
  expected: (input) => input.expected,
});

describeOnGpu('delta coder', () => {
  gpuTest('refuses to clip without shapes and stds of 0', async () => {
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
