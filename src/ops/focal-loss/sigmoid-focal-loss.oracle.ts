import { z } from 'zod';
import type { LossAndGrad } from '../loss-sum/loss-and-grad.ts';
import { readCasepack, readOracleJson } from '../oracle/casepack.ts';
import type { PackedCase } from '../oracle/parse-casepack.ts';
import type { FocalLossOptions } from './sigmoid-focal-loss.ts';

/** A case of the focal loss's tests. */
export interface FocalCase {
  readonly name: string;
  /** [rows, K] */
  readonly logits: readonly number[];
  readonly labels: readonly number[];
  /** Hand the labels over as a matrix of 0 and 1; none may be −1. */
  readonly asMatrix?: boolean;
  readonly numClasses: number;
  readonly batch?: number;
  /** One, or one per image. */
  readonly avgFactor: number | readonly number[];
  readonly upstream?: number;
  readonly options?: FocalLossOptions;
  readonly expected?: LossAndGrad;
  readonly elements?: ArrayLike<number>;
}

const numbers = z.array(z.number());
const matrix = z.array(numbers);
const focalCase = z.object({
  name: z.string(),
  pred: matrix,
  target: numbers,
  weight: numbers.nullable(),
  avg_factor: z.number().nullable(),
  reduction_override: z.string().nullable(),
  loss: z.union([z.number(), matrix]),
  grad_of_sum: matrix,
});
const jsonFile = z.object({
  cases: z.array(z.object({ cfg: z.object({ type: z.string() }).loose() }).loose()),
  from_mmcv_tests_focal: z.object({
    cases: z.array(z.object({ x: matrix, y: numbers, sigmoid_loss: z.number() })),
  }),
});

/** Average factor 1, for a source that does not divide. */
const ONE = 1 - 1.1920929e-7;
const sum = (values: ArrayLike<number>) =>
  Array.from(values).reduce((total, value) => total + value, 0);

/** MMDetection's, torchvision's and mmcv's own cases; undefined where the oracle is absent. */
export async function readFocalOracle(): Promise<
  | {
      readonly cases: readonly FocalCase[];
      readonly mmcv: readonly { readonly input: FocalCase; readonly loss: number }[];
    }
  | undefined
> {
  const json = await readOracleJson('mmdet/losses.json');
  const pack = await readCasepack('ops/losses');
  if (json === undefined || pack === undefined) return undefined;
  const file = jsonFile.parse(json);
  return {
    cases: [
      ...file.cases
        .filter(({ cfg }) => cfg.type === 'FocalLoss')
        .map((item) => mmdetectionCase(focalCase.parse(item))),
      // The 'empty' case has no rows, which no batch has.
      ...pack
        .filter(({ op, name }) => op === 'sigmoid_focal_loss' && name !== 'empty')
        .flatMap(torchvisionCases),
    ],
    mmcv: file.from_mmcv_tests_focal.cases.map(({ x, y, sigmoid_loss }, index) => ({
      input: {
        name: `mmcv’s own test ${index}`,
        logits: x.flat(),
        labels: y,
        numClasses: x[0]?.length ?? 0,
        avgFactor: x.length,
      },
      loss: sigmoid_loss,
    })),
  };
}

function mmdetectionCase(item: z.infer<typeof focalCase>): FocalCase {
  const { name, pred, target, weight, avg_factor, reduction_override, loss, grad_of_sum } = item;
  const elements = typeof loss === 'number' ? undefined : loss.flat();
  // Without an average factor, the mean is that of all terms.
  const divisor = reduction_override === 'none' ? ONE : pred.flat().length;
  return {
    name: `MMDetection ${name}`,
    logits: pred.flat(),
    labels: target.map((label, row) => ((weight?.[row] ?? 1) === 0 ? -1 : label)),
    numClasses: pred[0]?.length ?? 0,
    avgFactor: avg_factor ?? divisor,
    expected: {
      loss: typeof loss === 'number' ? loss : sum(loss.flat()),
      grad: grad_of_sum.flat(),
    },
    ...(elements && { elements }),
  };
}

function torchvisionCases(item: PackedCase): readonly FocalCase[] {
  const elements = item.array('none').data;
  const common = {
    name: `torchvision ${item.name}`,
    logits: Array.from(item.array('logits').data),
    avgFactor: ONE,
    options: { alpha: item.number('alpha'), gamma: item.number('gamma') },
    expected: { loss: sum(elements), grad: item.array('grad_sum').data },
    elements,
  };
  if (item.has('labels')) {
    const labels = Array.from(item.array('labels').data);
    const numClasses = item.array('logits').shape[1] ?? 0;
    return [
      { ...common, labels, numClasses },
      { ...common, name: `${common.name} as a matrix`, labels, numClasses, asMatrix: true },
    ];
  }
  // Given as a matrix of 0 and 1: every logit is a row of one class.
  const labels = Array.from(item.array('targets').data, (target) => 1 - target);
  return [{ ...common, labels, numClasses: 1, asMatrix: true }];
}
