import { expect } from 'vitest';
import { rng } from '../../base/rng.ts';
import { tf } from '../../tensor/tf.ts';
import { randomEighths } from '../delta-coder/random-boxes.ts';
import { centralDifferences } from '../host/central-differences.ts';
import {
  describeOnBackends,
  describeOnGpu,
  expectClose,
  gpuTest,
} from '../host/describe-on-backends.ts';
import { chosenBoxes } from '../loss-sum/class-boxes.reference.ts';
import type { LossAndGrad } from '../loss-sum/loss-and-grad.ts';
import { lossOnGpu } from '../loss-sum/loss-on-gpu.ts';
import { classBoxIouLoss } from './iou-loss.ts';
import { iouSumReference } from './iou-loss.reference.ts';
import type { IouLossOptions } from './iou-loss.ts';

interface Case {
  readonly name: string;
  /** [R, 4 · boxes], deltas of the rois or, without them, boxes */
  readonly pred: readonly number[];
  readonly rois?: readonly number[];
  readonly target: readonly number[];
  readonly labels: readonly number[];
  readonly numClasses: number;
  readonly labelOffset?: number;
  readonly avgFactor: number;
  readonly options: IouLossOptions;
  readonly expected?: LossAndGrad;
}

const coder = { stds: [0.1, 0.1, 0.2, 0.2] } as const;
const random = rng(41);
function randomCase(name: string, rows: number, boxes: number, more: Partial<Case>): Case {
  const rois = randomEighths(random, rows);
  return {
    name,
    pred: Array.from({ length: rows * boxes * 4 }, () => Math.fround(random.normal())),
    rois,
    target: rois.map((value, index) => value + (index % 4 < 2 ? -1 : 1) * (random.int(0, 80) / 16)),
    labels: Array.from({ length: rows }, () => random.int(-1, 7)),
    numClasses: 5,
    avgFactor: rows,
    options: {},
    ...more,
  };
}

const cases: Case[] = [
  {
    // The second row is of class 1, whose box is half a width off: 1 − 1/3.
    name: 'by hand: a background row and one of class 1, plain boxes',
    pred: [0, 0, 1, 1, 0, 0, 1, 1, 7, 7, 8, 8, 0, 0, 10, 10],
    target: [0, 0, 5, 5, 5, 0, 15, 10],
    labels: [2, 1],
    numClasses: 2,
    avgFactor: 2,
    options: { measure: 'linear' },
    expected: {
      loss: 1 / 3,
      grad: [...Array.from({ length: 12 }, () => 0), -1 / 90, 0, -1 / 30, 0],
    },
  },
  randomCase('77 rois of 5 classes', 77, 5, { options: { measure: 'giou', lossWeight: 10 } }),
  randomCase('one box for all classes', 77, 1, { options: { measure: 'log' } }),
  randomCase('the background first', 77, 6, { labelOffset: 1 }),
  randomCase('no positives', 3, 5, { labels: [5, 5, -1], avgFactor: 0 }),
];

/** Gradient by differences; where a row has no class, exactly 0. */
function reference(input: Case): LossAndGrad {
  const { pred, rois, target, avgFactor, options } = input;
  const { measure = 'log', eps, lossWeight = 1 } = options;
  const scale = lossWeight / (avgFactor + 1.1920929e-7);
  const boxes = chosenBoxes(input);
  const at = (values: ArrayLike<number>) => {
    const chosen = boxes.flatMap((start) =>
      [0, 1, 2, 3].map((axis) => (start === null ? 0 : (values[start + axis] ?? 0))),
    );
    const weights = boxes.map((start) => (start === null ? 0 : 1));
    const decodedBy = rois ? { anchors: rois, coder } : {};
    const rows = { ...decodedBy, goals: target, weights };
    return scale * iouSumReference(chosen, rows, measure, eps);
  };
  return { loss: at(pred), grad: centralDifferences(at, pred, 1e-6) };
}

function runOnGpu(input: Case): Promise<LossAndGrad> {
  const { pred, rois, target, labels, numClasses, labelOffset = 0, avgFactor, options } = input;
  const rows = labels.length;
  const x = tf.tensor2d([...pred], [rows, pred.length / rows]);
  const boxes = tf.tensor2d([...target], [rows, 4]);
  const classes = tf.tensor1d([...labels], 'int32');
  const factor = tf.tensor1d([avgFactor]);
  const anchors = tf.tensor2d([...(rois ?? target)], [rows, 4]);
  const form = rois
    ? ({ kind: 'deltas', anchors, ...coder } as const)
    : ({ kind: 'boxes' } as const);
  return lossOnGpu(
    (value) =>
      classBoxIouLoss(value, form, boxes, classes, factor, { ...options, numClasses, labelOffset }),
    x,
    [boxes, classes, factor, anchors],
  );
}

describeOnBackends<Case, LossAndGrad>('classBoxIouLoss', {
  cases,
  reference,
  webgpu: runOnGpu,
  compare(actual, expected) {
    expectClose([actual.loss], [expected.loss]);
    expectClose(actual.grad, expected.grad, { absolute: 3e-5, relative: 3e-4 });
  },
  expected: (input) => input.expected,
});

describeOnGpu('classBoxIouLoss', () => {
  gpuTest('refuses a number of boxes that fits neither form', async () => {
    await tf.ready();
    const pred = tf.zeros([2, 12]);
    const target = tf.zeros([2, 4]);
    const labels = tf.zeros([2], 'int32');
    const factor = tf.ones([1]);
    const form = { kind: 'boxes' } as const;
    expect(() => classBoxIouLoss(pred, form, target, labels, factor, { numClasses: 4 })).toThrow(
      /pred must be float32 \[R, 4\] or \[R, 16\], got \[2, 12\]/,
    );
    tf.dispose([pred, target, labels, factor]);
  });
});
