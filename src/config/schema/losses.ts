import { z } from 'zod';
import { nonNegative, only, positive, typed } from './parts.ts';

const common = {
  reduction: only('mean', 'losses are divided by the average factor'),
  loss_weight: nonNegative.default(1).describe('Factor of this loss in the sum'),
};

/** Focal loss (Lin et al. 2017, eq. 5) on sigmoid scores. */
export const focalLoss = typed('FocalLoss', {
  use_sigmoid: only(true, 'focal loss is defined on sigmoid scores'),
  gamma: nonNegative.default(2).describe('How much easy examples are turned down. Paper: 2'),
  alpha: z
    .number()
    .min(0)
    .max(1)
    .default(0.25)
    .describe('Weight of the positives, 1 − alpha of the negatives. Paper: 0.25'),
  ...common,
  activated: only(false, 'the loss takes logits'),
});

const crossEntropyKeys = {
  use_mask: only(false, 'there are no masks'),
  ...common,
  class_weight: z
    .array(nonNegative)
    .nullable()
    .default(null)
    .describe('Factor of each class, the background last; null = 1'),
  ignore_index: only(null, 'rows to ignore are marked by the assigner and the sampler'),
  avg_non_ignore: z.boolean().default(false),
};

const sigmoidKeys = {
  use_sigmoid: z.literal(true, { error: 'only-value: this head has sigmoid scores' }),
  ...crossEntropyKeys,
};

/** Binary cross-entropy on sigmoid scores: RPN objectness. */
export const sigmoidCrossEntropy = typed('CrossEntropyLoss', sigmoidKeys);

/** Binary cross-entropy of FCOS's centerness, whose targets are numbers of 0 … 1. */
export const centernessLoss = typed('CrossEntropyLoss', {
  ...sigmoidKeys,
  class_weight: only(null, 'centerness has no classes'),
});

/** Softmax cross-entropy over the classes and the background. */
export const softmaxCrossEntropy = typed('CrossEntropyLoss', {
  use_sigmoid: only(false, 'the box head has softmax scores'),
  ...crossEntropyKeys,
});

const l1Loss = typed('L1Loss', common);
const smoothL1Loss = typed('SmoothL1Loss', {
  beta: nonNegative.default(1).describe('Below this difference the loss is quadratic; 0 = L1'),
  ...common,
});
const eps = positive.default(1e-6).describe('Least overlap, so that the logarithm stays finite');

/** −ln(IoU), or 1 − IoU, or 1 − IoU² (Yu et al. 2016). On decoded boxes. */
const iouLoss = typed('IoULoss', {
  linear: z.boolean().default(false).describe('2.x spelling of mode: linear'),
  eps,
  mode: z.enum(['log', 'linear', 'square']).default('log').describe('Form of the loss'),
  ...common,
});

/** 1 − GIoU (Rezatofighi et al. 2019). On decoded boxes. */
const giouLoss = typed('GIoULoss', { eps, ...common });

/** Regression losses of heads that predict deltas. */
export const bboxLossSchema = z.discriminatedUnion('type', [
  l1Loss,
  smoothL1Loss,
  iouLoss,
  giouLoss,
]);

/** Regression losses of heads that predict boxes. */
export const overlapLossSchema = z.discriminatedUnion('type', [iouLoss, giouLoss]);

/** The key that goes with a loss on boxes. */
export const regDecodedBbox = z
  .boolean()
  .default(false)
  .describe('The regression loss works on decoded boxes; needed for IoULoss and GIoULoss');
