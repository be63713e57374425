import { centralDifferences } from '../../ops/host/central-differences.ts';
import { iouSumReference, lossOfBoxes } from '../../ops/iou-loss/iou-loss.reference.ts';
import { iouLoss } from '../../ops/iou-loss/iou-loss.ts';
import type { IouMeasure } from '../../ops/iou-loss/iou-measure.wgsl.ts';
import { smoothL1TermsReference } from '../../ops/l1-loss/l1-loss.reference.ts';
import { l1Loss, l1LossElements, smoothL1Loss } from '../../ops/l1-loss/l1-loss.ts';
import { floats, ints } from '../on-gpu.ts';
import type { Twin } from '../oracle-case.ts';
import { lossOfTerms, lossOnGpu } from './loss-result.ts';
import type { LossResult } from './loss-result.ts';

export interface SmoothL1Input {
  /** Any number of values; they are taken four by four, as deltas are. */
  readonly pred: readonly number[];
  readonly target: readonly number[];
  /** Of each row of four, 0: no weight. Absent: all 1. */
  readonly rowWeights?: readonly number[];
  /** 0: L1. */
  readonly beta: number;
  readonly avgFactor: number;
  readonly lossWeight?: number;
}

function padded(values: readonly number[]): number[] {
  const rest = (4 - (values.length % 4)) % 4;
  return [...values, ...Array.from({ length: rest }, () => 0)];
}

export const smoothL1Twin: Twin<SmoothL1Input, LossResult> = {
  async webgpu({ pred, target, rowWeights, beta, avgFactor, lossWeight = 1 }) {
    const prediction = padded(pred);
    const rows = prediction.length / 4;
    const others = () =>
      [floats(padded(target), [1, rows, 4]), ints(assigned(rows, rowWeights), [1, rows])] as const;
    const result = await lossOnGpu({
      prediction,
      shape: [1, rows, 4],
      avgFactor,
      loss: (x, factor) =>
        beta === 0
          ? l1Loss(x, ...others(), factor, { lossWeight })
          : smoothL1Loss(x, ...others(), factor, { beta, lossWeight }),
      elements: (x) => l1LossElements(x, ...others(), { beta, lossWeight }),
    });
    const { length } = pred;
    return {
      loss: result.loss,
      grad: Array.from(result.grad).slice(0, length),
      elements: Array.from(result.elements).slice(0, length),
    };
  },
  reference({ pred, target, rowWeights, beta, avgFactor, lossWeight }) {
    const rows = Math.ceil(pred.length / 4);
    const terms = smoothL1TermsReference(pred, target, assigned(rows, rowWeights), beta);
    return lossOfTerms(terms, avgFactor, lossWeight);
  },
};

function assigned(rows: number, weights: readonly number[] | undefined): number[] {
  return Array.from({ length: rows }, (_, row) => ((weights?.[row] ?? 1) === 0 ? -1 : 0));
}

export interface IouInput {
  /** [N, 4] each, xyxy. */
  readonly pred: readonly number[];
  readonly target: readonly number[];
  /** One per row; absent: all 1. */
  readonly weights?: readonly number[];
  readonly measure: IouMeasure;
  readonly eps: number;
  readonly avgFactor: number;
  readonly lossWeight: number;
}

/** Losses of plain boxes. The slow twin's slope is taken by differences. */
export const iouTwin: Twin<IouInput, LossResult> = {
  webgpu({ pred, target, weights, measure, eps, avgFactor, lossWeight }) {
    const rows = pred.length / 4;
    return lossOnGpu({
      prediction: pred,
      shape: [1, rows, 4],
      avgFactor,
      loss: (x, factor) =>
        iouLoss(
          {
            pred: x,
            form: { kind: 'boxes' },
            goal: { targets: floats(target, [1, rows, 4]) },
            ...(weights === undefined ? {} : { weights: floats(weights, [1, rows]) }),
            avgFactor: factor,
          },
          { measure, eps, lossWeight },
        ),
    });
  },
  reference({ pred, target, weights, measure, eps, avgFactor, lossWeight }) {
    const own = weights ?? Array.from({ length: pred.length / 4 }, () => 1);
    const scale = lossWeight / avgFactor;
    const rows = { goals: target, weights: own };
    const sum = (values: ArrayLike<number>) => scale * iouSumReference(values, rows, measure, eps);
    return {
      loss: sum(pred),
      grad: centralDifferences(sum, pred, 1e-6),
      elements: own.map(
        (_, row) => lossWeight * lossOfBoxes(boxAt(pred, row), boxAt(target, row), measure, eps),
      ),
    };
  },
};

function boxAt(values: readonly number[], row: number): [number, number, number, number] {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = values.slice(row * 4, row * 4 + 4);
  return [x1, y1, x2, y2];
}
