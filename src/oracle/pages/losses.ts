import { z } from 'zod';
import type { IouMeasure } from '../../ops/iou-loss/iou-measure.wgsl.ts';
import { iouTwin, smoothL1Twin } from '../ops/box-losses.ts';
import { focalTwin, sigmoidTwin, softmaxTwin } from '../ops/classification-losses.ts';
import type { LossResult } from '../ops/loss-result.ts';
import { EPS } from '../ops/loss-result.ts';
import type { ResultKind } from '../judge.ts';
import type { Backend, OracleCase } from '../oracle-case.ts';
import { runTwin } from '../oracle-case.ts';
import type { OraclePage } from '../page.ts';
import { skippedCase } from '../page.ts';
import { close, pageCase } from '../page-case.ts';
import { numbers, rows } from '../page-schemas.ts';

const nanable = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const nested = z.union([z.number(), numbers, rows]);

const lossCase = z.object({
  name: z.string(),
  cfg: z.object({
    type: z.string(),
    use_sigmoid: z.boolean().optional(),
    gamma: z.number().optional(),
    alpha: z.number().optional(),
    beta: z.number().optional(),
    eps: z.number().optional(),
    mode: z.enum(['log', 'linear', 'square']).optional(),
    loss_weight: z.number().optional(),
  }),
  pred: rows,
  target: z.union([numbers, rows]),
  weight: z.union([numbers, rows]).nullable(),
  avg_factor: z.number().nullable(),
  reduction_override: z.string().nullable(),
  loss: nested.nullable(),
  // null is a NaN of the original.
  grad_of_sum: z.array(z.union([nanable, z.array(nanable)])),
});

type LossCase = z.infer<typeof lossCase>;

const pageSchema = z.object({
  cases: z.array(lossCase),
  from_mmcv_tests_focal: z
    .object({
      alpha: z.number(),
      gamma: z.number(),
      rtol: z.number(),
      cases: z.array(
        z.object({ x: rows, y: numbers, sigmoid_loss: z.number(), sigmoid_grad: rows }),
      ),
    })
    .optional(),
  from_mmdet2_tests_ce: z
    .object({
      pred: rows,
      label: numbers,
      'class_weight_0.8_0.2': z.number(),
      plain: z.number(),
    })
    .optional(),
});

function flat(values: z.infer<typeof nested>): readonly number[] {
  return typeof values === 'number' ? [values] : values.flat();
}

/** A weight per row: rows of boxes have four equal ones. */
function rowWeights({ weight }: LossCase): readonly number[] | undefined {
  return weight?.map((row) => (typeof row === 'number' ? row : (row[0] ?? 1)));
}

type RunLoss = (backend: Backend, avgFactor: number) => Promise<LossResult>;

interface PreparedLoss {
  readonly run: RunLoss;
  /** Terms that a plain mean divides by. */
  readonly terms: number;
}

function focal(item: LossCase): PreparedLoss {
  const weights = rowWeights(item);
  const input = {
    logits: item.pred.flat(),
    numClasses: item.pred[0]?.length ?? 1,
    labels: flat(item.target).map((label, row) => ((weights?.[row] ?? 1) === 0 ? -1 : label)),
    targets: null,
    alpha: item.cfg.alpha ?? 0.25,
    gamma: item.cfg.gamma ?? 2,
    lossWeight: item.cfg.loss_weight ?? 1,
  };
  return {
    run: (backend, avgFactor) => runTwin(focalTwin, backend, { ...input, avgFactor }),
    terms: input.logits.length,
  };
}

function crossEntropy(item: LossCase): PreparedLoss {
  const weights = rowWeights(item);
  const logits = item.pred.flat();
  const lossWeight = item.cfg.loss_weight ?? 1;
  const labels = flat(item.target).map((label, row) => ((weights?.[row] ?? 1) === 0 ? -1 : label));
  if (item.cfg.use_sigmoid === true) {
    const input = { logits, labels, lossWeight };
    return {
      run: (backend, avgFactor) => runTwin(sigmoidTwin, backend, { ...input, avgFactor }),
      terms: logits.length,
    };
  }
  const input = { logits, labels, classWeight: null, lossWeight };
  return {
    run: (backend, avgFactor) => runTwin(softmaxTwin, backend, { ...input, avgFactor }),
    terms: labels.length,
  };
}

function boxDistance(item: LossCase): PreparedLoss {
  const weights = rowWeights(item);
  const input = {
    pred: item.pred.flat(),
    target: flat(item.target),
    ...(weights === undefined ? {} : { rowWeights: weights }),
    beta: item.cfg.type === 'L1Loss' ? 0 : (item.cfg.beta ?? 1),
    lossWeight: item.cfg.loss_weight ?? 1,
  };
  return {
    run: (backend, avgFactor) => runTwin(smoothL1Twin, backend, { ...input, avgFactor }),
    terms: input.pred.length,
  };
}

function boxOverlap(item: LossCase, measure: IouMeasure): PreparedLoss {
  const weights = rowWeights(item);
  const input = {
    pred: item.pred.flat(),
    target: flat(item.target),
    ...(weights === undefined ? {} : { weights }),
    measure,
    eps: item.cfg.eps ?? 1e-6,
    lossWeight: item.cfg.loss_weight ?? 1,
  };
  return {
    run: (backend, avgFactor) => runTwin(iouTwin, backend, { ...input, avgFactor }),
    terms: item.pred.length,
  };
}

/** The losses by MMDetection's names. */
const LOSSES: Readonly<Record<string, (item: LossCase) => PreparedLoss>> = {
  FocalLoss: focal,
  CrossEntropyLoss: crossEntropy,
  L1Loss: boxDistance,
  SmoothL1Loss: boxDistance,
  IoULoss: (item) => boxOverlap(item, item.cfg.mode ?? 'log'),
  GIoULoss: (item) => boxOverlap(item, 'giou'),
};

/** Gradients by corners: quotients of float32 areas. */
const CORNER_SLOPES: ResultKind = { absolute: 3e-5, relative: 3e-4 };

/** MMDetection divides by the factor + ε; without one it takes the mean, and `none` is not reduced at all. */
function reducedCase(item: LossCase): OracleCase {
  const { name, cfg, loss, grad_of_sum: gradient } = item;
  const prepare = LOSSES[cfg.type];
  if (prepare === undefined) return skippedCase('losses', name, `${cfg.type} is not built`);
  const { run, terms } = prepare(item);
  const unreduced = item.reduction_override === 'none';
  const divisor = unreduced ? 1 - EPS : (item.avg_factor ?? terms - EPS);
  const slopes = cfg.type.endsWith('IoULoss') ? CORNER_SLOPES : 'close';
  return pageCase({
    op: 'losses',
    name,
    wanted: {
      // null is a NaN of the original.
      ...(loss === null ? {} : { loss: close(flat(loss)) }),
      grad_of_sum: close(gradient.flat(), slopes),
    },
    async run(backend) {
      const result = await run(backend, divisor);
      return { loss: unreduced ? result.elements : [result.loss], grad_of_sum: result.grad };
    },
  });
}

function mmcvFocalCases(
  page: NonNullable<z.infer<typeof pageSchema>['from_mmcv_tests_focal']>,
): readonly OracleCase[] {
  const tolerance = { absolute: 1e-6, relative: page.rtol };
  return page.cases.map(({ x, y, sigmoid_loss: loss, sigmoid_grad: grad }, index) =>
    pageCase({
      op: 'losses',
      name: `from_mmcv_tests_focal ${index}`,
      wanted: { loss: close([loss], tolerance), grad: close(grad.flat(), tolerance) },
      async run(backend) {
        // mmcv's mean is over rows; its gradient test asks for that of the mean too.
        const result = await runTwin(focalTwin, backend, {
          logits: x.flat(),
          numClasses: x[0]?.length ?? 1,
          labels: y,
          targets: null,
          alpha: page.alpha,
          gamma: page.gamma,
          avgFactor: y.length - EPS,
        });
        return { loss: [result.loss], grad: result.grad };
      },
    }),
  );
}

function mmdetCrossEntropyCase(
  page: NonNullable<z.infer<typeof pageSchema>['from_mmdet2_tests_ce']>,
): OracleCase {
  const input = {
    logits: page.pred.flat(),
    labels: page.label,
    avgFactor: page.label.length - EPS,
  };
  return pageCase({
    op: 'losses',
    name: 'from_mmdet2_tests_ce',
    wanted: { plain: close([page.plain]), weighted: close([page['class_weight_0.8_0.2']]) },
    async run(backend) {
      const plain = await runTwin(softmaxTwin, backend, { ...input, classWeight: null });
      const weighted = await runTwin(softmaxTwin, backend, { ...input, classWeight: [0.8, 0.2] });
      return { plain: [plain.loss], weighted: [weighted.loss] };
    },
  });
}

/** MMDetection's losses. */
export const lossesPage: OraclePage = {
  page: 'losses',
  cases(document) {
    const page = pageSchema.parse(document);
    return [
      ...page.cases.map(reducedCase),
      ...(page.from_mmcv_tests_focal === undefined
        ? []
        : mmcvFocalCases(page.from_mmcv_tests_focal)),
      ...(page.from_mmdet2_tests_ce === undefined
        ? []
        : [mmdetCrossEntropyCase(page.from_mmdet2_tests_ce)]),
    ];
  },
};
