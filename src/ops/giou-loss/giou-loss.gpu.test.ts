import { expect, test } from 'vitest';
import { z } from 'zod';
import { rng } from '../../base/rng.ts';
import { tf } from '../../tensor/tf.ts';
import { centralDifferences } from '../host/central-differences.ts';
import { randomEighths } from '../delta-coder/random-boxes.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import type { LossAndGrad } from '../loss-sum/loss-and-grad.ts';
import { lossOnGpu } from '../loss-sum/loss-on-gpu.ts';
import { readOracleJson } from '../oracle/casepack.ts';
import { lossOfBoxes } from '../iou-loss/iou-loss.reference.ts';
import { giouLossReference } from './giou-loss.reference.ts';
import type { GiouImage } from './giou-loss.reference.ts';
import { giouLoss } from './giou-loss.ts';
import type { GiouLossOptions } from './giou-loss.ts';

interface Case {
  readonly name: string;
  readonly images: readonly GiouImage[];
  readonly avgFactor: number;
  readonly options?: GiouLossOptions;
  readonly upstream?: number;
  readonly expected?: LossAndGrad;
}

const random = rng(21);
function randomImage(anchors: readonly number[], gts: number): GiouImage {
  return {
    pred: Array.from(anchors, () => Math.fround(random.normal() / 2)),
    anchors,
    gtBoxes: randomEighths(random, gts),
    assigned: Array.from({ length: anchors.length / 4 }, () => random.int(-2, gts)),
  };
}

const sixty = randomEighths(random, 60);
const cases: Case[] = [
  {
    // I 50, U 150, C 150.
    name: 'half a width apart',
    images: [
      { pred: [0, 0, 0, 0], anchors: [0, 0, 10, 10], gtBoxes: [5, 0, 15, 10], assigned: [0] },
    ],
    avgFactor: 1,
  },
  {
    name: 'equal boxes: no loss and no slope',
    images: [
      { pred: [0, 0, 0, 0], anchors: [0, 0, 10, 10], gtBoxes: [0, 0, 10, 10], assigned: [0] },
    ],
    avgFactor: 1,
    expected: { loss: 0, grad: [0, 0, 0, 0] },
  },
  {
    // I 0, U 200, C 300: GIoU −⅓.
    name: 'apart, a gap of one side',
    images: [
      { pred: [0, 0, 0, 0], anchors: [0, 0, 10, 10], gtBoxes: [20, 0, 30, 10], assigned: [0] },
    ],
    avgFactor: 2,
    options: { lossWeight: 3 },
  },
  {
    name: 'background and ignored rows have none',
    images: [
      {
        pred: [1, 1, 1, 1, 1, 1, 1, 1],
        anchors: [0, 0, 9, 9, 0, 0, 9, 9],
        gtBoxes: [0, 0, 1, 1],
        assigned: [-1, -2],
      },
    ],
    avgFactor: 1,
    expected: { loss: 0, grad: [0, 0, 0, 0, 0, 0, 0, 0] },
  },
  {
    name: 'two images of 60 anchors',
    images: [randomImage(sixty, 3), randomImage(sixty, 3)],
    avgFactor: 40,
  },
  {
    name: 'R-CNN stds, sizes beyond the clamp, upstream',
    images: [randomImage(sixty, 2)],
    avgFactor: 9,
    options: {
      stds: [0.1, 0.1, 0.2, 0.2],
      means: [0, 0.1, 0, -0.1],
      whRatioClip: 0.95,
      lossWeight: 10,
    },
    upstream: 0.5,
  },
];

const numbers = z.array(z.number());
const jsonFile = z.object({ cases: z.array(z.object({ name: z.string() }).loose()) });
const giouCase = z.object({
  name: z.string(),
  cfg: z.object({ loss_weight: z.number() }),
  pred: z.array(numbers),
  target: z.array(numbers),
  weight: z.array(numbers).nullable(),
  avg_factor: z.number().nullable(),
  loss: z.number(),
  grad_of_sum: z.array(numbers),
});
const json = await readOracleJson('mmdet/losses.json');
for (const item of json === undefined ? [] : jsonFile.parse(json).cases) {
  if (!item.name.startsWith('GIoULoss')) continue;
  const { name, cfg, pred, target, weight, avg_factor, loss, grad_of_sum } = giouCase.parse(item);
  // Each predicted box is its own anchor with deltas 0, so the slope by the corners g gives that by the deltas:
  // (g1 + g2) · side by the shift, (g2 − g1) · side / 2 by the logarithm of the size.
  const grad = grad_of_sum.flatMap(([gx1 = 0, gy1 = 0, gx2 = 0, gy2 = 0], row) => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = pred[row] ?? [];
    const [width, height] = [x2 - x1, y2 - y1];
    return [
      (gx1 + gx2) * width,
      (gy1 + gy2) * height,
      ((gx2 - gx1) * width) / 2,
      ((gy2 - gy1) * height) / 2,
    ];
  });
  cases.push({
    name: `MMDetection ${name}`,
    images: [
      {
        pred: pred.flatMap(() => [0, 0, 0, 0]),
        anchors: pred.flat(),
        gtBoxes: target.flat(),
        assigned: pred.map((_, row) => ((weight?.[row]?.[0] ?? 1) === 0 ? -1 : row)),
      },
    ],
    avgFactor: avg_factor ?? pred.length,
    options: { lossWeight: cfg.loss_weight },
    expected: { loss, grad },
  });
}
test.skipIf(json === undefined)('oracle losses is there (skipped where absent)', () => {
  expect(cases.filter(({ name }) => name.startsWith('MMDetection')).length).toBe(2);
});

/** Slope of the slow twin; at a kink the mean of both sides, as PyTorch's halves are. */
function differences({ images, avgFactor, options, upstream = 1 }: Case): number[] {
  return images.flatMap((image) =>
    Array.from(
      centralDifferences(
        (pred) => giouLossReference({ ...image, pred }, avgFactor, options),
        image.pred,
        1e-6,
      ),
      (slope) => slope * upstream,
    ),
  );
}

function runOnGpu({ images, avgFactor, options, upstream }: Case): Promise<LossAndGrad> {
  const batch = images.length;
  const [first] = images;
  const count = (first?.anchors.length ?? 0) / 4;
  const x = tf.tensor3d(
    images.flatMap(({ pred }) => Array.from(pred)),
    [batch, count, 4],
  );
  const anchors = tf.tensor2d([...(first?.anchors ?? [])], [count, 4]);
  const gtBoxes = tf.tensor3d(
    images.flatMap((image) => [...image.gtBoxes]),
    [batch, (first?.gtBoxes.length ?? 0) / 4, 4],
  );
  const assigned = tf.tensor2d(
    images.flatMap((image) => [...image.assigned]),
    [batch, count],
    'int32',
  );
  const factor = tf.tensor1d([avgFactor]);
  return lossOnGpu(
    (pred) => giouLoss(pred, anchors, gtBoxes, assigned, factor, options),
    x,
    [anchors, gtBoxes, assigned, factor],
    upstream,
  );
}

describeOnBackends<Case, LossAndGrad>('giouLoss', {
  cases,
  reference: (input) => ({
    loss: input.images.reduce(
      (sum, image) => sum + giouLossReference(image, input.avgFactor, input.options),
      0,
    ),
    grad: differences(input),
  }),
  webgpu: runOnGpu,
  compare(actual, expected) {
    expectClose([actual.loss], [expected.loss]);
    expectClose(actual.grad, expected.grad, { absolute: 3e-5, relative: 3e-4 });
  },
  expected: (input) => input.expected,
});

test('half a width apart has a GIoU of ⅓, a gap of one side −⅓', () => {
  const square = [0, 0, 10, 10] as const;
  expect(lossOfBoxes(square, [5, 0, 15, 10], 'giou')).toBeCloseTo(2 / 3, 12);
  expect(lossOfBoxes(square, [20, 0, 30, 10], 'giou')).toBeCloseTo(4 / 3, 12);
});

describeOnGpu('giouLoss', () => {
  gpuTest('refuses anchors of another number', async () => {
    await tf.ready();
    const pred = tf.zeros([1, 2, 4]);
    const anchors = tf.zeros([3, 4]);
    const assigned = tf.zeros([1, 2], 'int32');
    const factor = tf.ones([1]);
    expect(() => giouLoss(pred, anchors, pred, assigned, factor)).toThrow(/anchors must be/);
    tf.dispose([pred, anchors, assigned, factor]);
  });
});
