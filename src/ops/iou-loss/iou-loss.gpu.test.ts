import { expect, test } from 'vitest';
import { z } from 'zod';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { centralDifferences } from '../host/central-differences.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import type { LossAndGrad } from '../loss-sum/loss-and-grad.ts';
import { lossOnGpu } from '../loss-sum/loss-on-gpu.ts';
import { readOracleJson } from '../oracle/casepack.ts';
import type { BoxForm } from './box-form.ts';
import { iouLoss } from './iou-loss.ts';
import { boxAt, boxesOf, iouSumReference } from './iou-loss.reference.ts';
import { IOU_CASES, MEASURES } from './iou-loss.cases.ts';
import type { IouCase as Case } from './iou-loss.cases.ts';

const square = [0, 0, 10, 10];

const numbers = z.array(z.number());
const jsonFile = z.object({
  cases: z.array(
    z.object({ name: z.string(), cfg: z.object({ type: z.string() }).loose() }).loose(),
  ),
});
const iouCase = z.object({
  name: z.string(),
  cfg: z.object({
    type: z.enum(['IoULoss', 'GIoULoss']),
    mode: z.enum(['log', 'linear', 'square']).optional(),
    loss_weight: z.number().optional(),
  }),
  pred: z.array(numbers),
  target: z.array(numbers),
  weight: z.array(numbers).nullable(),
  avg_factor: z.number().nullable(),
  loss: z.number(),
  grad_of_sum: z.array(numbers),
});
/** Losses of MMDetection that are not offered here. */
const OUT_OF_SCOPE = ['DIoULoss', 'CIoULoss', 'EIoULoss', 'BoundedIoULoss'];

const json = await readOracleJson('mmdet/losses.json');
const file = json === undefined ? [] : jsonFile.parse(json).cases;
const oracle = file
  .filter(({ cfg }) => cfg.type === 'IoULoss' || cfg.type === 'GIoULoss')
  .map((item): Case => {
    const { name, cfg, pred, target, weight, avg_factor, loss, grad_of_sum } = iouCase.parse(item);
    return {
      name: `MMDetection ${name}`,
      pred: pred.flat(),
      targets: target.flat(),
      ...(weight === null ? {} : { weights: weight.map((row) => row[0] ?? 0) }),
      avgFactor: avg_factor ?? pred.length,
      options: {
        measure: cfg.type === 'GIoULoss' ? 'giou' : (cfg.mode ?? 'log'),
        lossWeight: cfg.loss_weight ?? 1,
      },
      expected: { loss, grad: grad_of_sum.flat() },
    };
  });
test.skipIf(json === undefined)('oracle losses is there (skipped where absent)', () => {
  expect(oracle.length).toBe(5);
  const regressions = file.filter(({ cfg }) => cfg.type.endsWith('IoULoss'));
  const others = regressions.filter(({ cfg }) => OUT_OF_SCOPE.includes(cfg.type));
  expect(oracle.length + others.length).toBe(regressions.length);
});

function upload({ pred, batch = 1, targets, matched, assigned, weights, avgFactor }: Case) {
  const rows = pred.length / 4 / batch;
  const boxes = tf.tensor3d([...targets], [batch, targets.length / 4 / batch, 4]);
  const mask = assigned && tf.tensor2d([...assigned], [batch, rows], 'int32');
  return {
    x: tf.tensor3d([...pred], [batch, rows, 4]),
    goal:
      matched && mask
        ? { gtBoxes: boxes, assigned: mask }
        : { targets: boxes, ...(mask && { assigned: mask }) },
    ...(weights && { weights: tf.tensor2d([...weights], [batch, rows]) }),
    factor: tf.tensor1d([avgFactor].flat()),
  };
}

function formOf({ anchors, points, strided, coder }: Case): { form: BoxForm; tensors: Tensor[] } {
  const values = anchors ?? points;
  if (values === undefined) return { form: { kind: 'boxes' }, tensors: [] };
  const tensor = tf.tensor2d([...values], [values.length / 4, 4]);
  const form: BoxForm = anchors
    ? { kind: 'deltas', anchors: tensor, ...coder }
    : { kind: 'distances', points: tensor, ...(strided === undefined ? {} : { strided }) };
  return { form, tensors: [tensor] };
}

function runOnGpu(input: Case): Promise<LossAndGrad> {
  const { x, goal, weights, factor } = upload(input);
  const { form, tensors } = formOf(input);
  return lossOnGpu(
    (pred) =>
      iouLoss({ pred, form, goal, ...(weights && { weights }), avgFactor: factor }, input.options),
    x,
    [factor, ...tensors, ...Object.values(goal), ...(weights ? [weights] : [])],
    input.upstream,
  );
}

/** Image by image, so that each has its own factor. At a kink the difference is the mean of both sides, as PyTorch's. */
function reference(input: Case): LossAndGrad {
  const { pred, batch = 1, targets, matched, assigned, weights, avgFactor, options } = input;
  const { anchors, points, upstream = 1, ...decodedBy } = input;
  const { measure = 'log', eps, lossWeight = 1 } = options;
  const rows = pred.length / 4 / batch;
  const images = Array.from({ length: batch }, (_, image) => {
    const own = <T>(values: readonly T[], width: number) =>
      values.slice(image * rows * width, (image + 1) * rows * width);
    const positives = own(assigned ?? pred.map(() => 0), 1).slice(0, rows);
    const gts = targets.slice((targets.length / batch) * image);
    const loss = {
      ...decodedBy,
      ...(anchors && { anchors }),
      ...(points && { points }),
      goals: matched ? positives.flatMap((gt) => boxAt(gts, Math.max(gt, 0))) : own(targets, 4),
      weights: positives.map((gt, row) => (gt < 0 ? 0 : (weights?.[image * rows + row] ?? 1))),
    };
    const factor =
      typeof avgFactor === 'number'
        ? avgFactor + 1.1920929e-7
        : (avgFactor[image] ?? Number.NaN) * batch;
    const scale = lossWeight / factor;
    const at = (values: ArrayLike<number>) => scale * iouSumReference(values, loss, measure, eps);
    const start = own(pred, 4);
    const grad = Array.from(centralDifferences(at, start, 1e-6), (slope, index) =>
      (loss.weights[Math.floor(index / 4)] ?? 0) === 0 ? 0 : slope * upstream,
    );
    return { loss: at(start), grad };
  });
  return {
    loss: images.reduce((sum, { loss }) => sum + loss, 0),
    grad: images.flatMap(({ grad }) => grad),
  };
}

describeOnBackends<Case, LossAndGrad>('iouLoss', {
  cases: [...IOU_CASES, ...oracle],
  reference,
  webgpu: runOnGpu,
  compare(actual, expected) {
    expectClose([actual.loss], [expected.loss]);
    expectClose(actual.grad, expected.grad, { absolute: 3e-5, relative: 3e-4 });
  },
  expected: (input) => input.expected,
});

test('distances are left, top, right, bottom', () => {
  const point = [50, 40, 8, 4];
  expect(boxesOf([1, 2, 3, 4], { points: point })).toEqual([42, 32, 74, 56]);
  expect(boxesOf([1, 2, 3, 4], { points: point, strided: false })).toEqual([49, 38, 53, 44]);
});

describeOnGpu('iouLoss', () => {
  gpuTest('a NaN in a prediction or a goal is not hidden', async () => {
    for (const measure of MEASURES) {
      for (const at of [0, 3]) {
        const base = { name: 'NaN', avgFactor: 1, options: { measure } };
        const bad = square.with(at, Number.NaN);
        const result = await runOnGpu({ ...base, pred: bad, targets: square });
        expect(result.loss).toBeNaN();
        expect(result.grad[0]).toBeNaN();
        expect((await runOnGpu({ ...base, pred: square, targets: bad })).loss).toBeNaN();
      }
    }
  });

  gpuTest('refuses anchors and weights of another number, and an eps of 0', async () => {
    await tf.ready();
    const pred = tf.zeros([2, 3, 4]);
    const four = tf.zeros([4, 4]);
    const avgFactor = tf.ones([1]);
    const goal = { targets: pred };
    const form = { kind: 'boxes' } as const;
    expect(() =>
      iouLoss({ pred, form: { kind: 'deltas', anchors: four }, goal, avgFactor }),
    ).toThrow(/anchors must be float32 \[3, 4\]/);
    expect(() => iouLoss({ pred, form, goal, weights: four, avgFactor })).toThrow(/weights must/);
    expect(() => iouLoss({ pred, form, goal, avgFactor }, { eps: 0 })).toThrow(/eps/);
    tf.dispose([pred, four, avgFactor]);
  });
});
