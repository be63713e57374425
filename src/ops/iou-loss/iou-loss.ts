import type { Scalar, Tensor } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { requireClassBoxes } from '../loss-sum/class-boxes.ts';
import type { ClassBoxOptions } from '../loss-sum/class-boxes.ts';
import { reduceLoss, requireAvgFactor } from '../loss-sum/loss-sum.ts';
import { decoding } from './box-form.ts';
import type { BoxForm } from './box-form.ts';
import { iouTerm } from './iou-loss.wgsl.ts';
import type { GoalKind } from './iou-loss.wgsl.ts';
import type { IouMeasure } from './iou-measure.wgsl.ts';

/** `IoULoss` and `GIoULoss` of MMDetection. */
export interface IouLossOptions {
  /** Default `log`: −ln IoU. */
  readonly measure?: IouMeasure;
  /** Least IoU; for `giou`, least area of the union and of the enclosing box. Above 0; default 1e-6. */
  readonly eps?: number;
  /** Default 1. */
  readonly lossWeight?: number;
}

export interface IouLossInput {
  /** float32 [B, N, 4], by which the gradient is. */
  readonly pred: Tensor;
  /** What `pred` is. */
  readonly form: BoxForm;
  readonly goal: IouGoal;
  /** float32 [B, N]: weight of each row; where 0, the row is not looked at. Left out: 1. */
  readonly weights?: Tensor;
  /** float32 [1]; or [B], one per image: the mean over images of each image's sum / its factor */
  readonly avgFactor: Tensor;
}

/** The boxes, xyxy, that predictions are compared with. */
export type IouGoal =
  /** gtBoxes float32 [B, G, 4], chosen by assigned int32 [B, N] (see `maxIouAssign`); none where negative. */
  | { readonly gtBoxes: Tensor; readonly assigned: Tensor }
  /** targets float32 [B, N, 4], one per row, none where assigned int32 [B, N] is negative. */
  | { readonly targets: Tensor; readonly assigned?: Tensor };

/**
 * Σ weight · loss of the decoded boxes with their goals, / (avgFactor + 1.2e-7) · lossWeight (MMDetection 3.x `IoULoss`
 * and `GIoULoss`). Two dispatches, one for the gradient, which goes through the decoding, is by `pred` alone and
 * PyTorch's at ties.
 */
export function iouLoss(
  { pred, form, goal, weights, avgFactor }: IouLossInput,
  options: IouLossOptions = {},
): Scalar {
  const op = 'iouLoss';
  requireTensor(op, 'pred', pred, 'float32', [null, null, 4]);
  const batch = side(op, 'pred', pred, 0);
  const rowsPerImage = side(op, 'pred', pred, 1);
  const count = batch * rowsPerImage;
  const decode = decoding(op, form, count, rowsPerImage);
  const goals = goalOf(op, goal, batch, rowsPerImage);
  if (weights) requireTensor(op, 'weights', weights, 'float32', [batch, rowsPerImage]);
  requireAvgFactor(op, avgFactor, batch);
  const { measure, eps, lossWeight } = withDefaults(op, options);
  return reduceLoss(
    iouTerm({ measure, form: form.kind, goal: goals.kind, weighted: weights !== undefined }),
    [pred, ...goals.tensors, ...(weights ? [weights] : []), ...decode.tensors],
    avgFactor,
    { params: { ...decode.params, ...goals.params, eps }, count, lossWeight },
  );
}

/**
 * As {@link iouLoss}, for a box head that predicts a box per class: of each row the box of its label counts. The
 * gradient is written entirely, 0 for the other boxes.
 *
 * @param pred float32 [R, 4 (K + labelOffset)], class-major, or [R, 4] for all classes
 * @param form what `pred` is, with anchors (the rois) [R, 4]
 * @param target float32 [R, 4], xyxy
 * @param labels int32 [R]: a class, see `ClassBoxOptions`; anything else has no loss
 * @param avgFactor float32 [1]
 */
export function classBoxIouLoss(
  pred: Tensor,
  form: BoxForm,
  target: Tensor,
  labels: Tensor,
  avgFactor: Tensor,
  options: IouLossOptions & ClassBoxOptions,
): Scalar {
  const op = 'classBoxIouLoss';
  const classes = requireClassBoxes(op, { pred, target, labels }, options);
  const rows = side(op, 'pred', pred, 0);
  const decode = decoding(op, form, rows, rows);
  requireAvgFactor(op, avgFactor, 1);
  const { measure, eps, lossWeight } = withDefaults(op, options);
  return reduceLoss(
    iouTerm({ measure, form: form.kind, goal: 'ofClass', weighted: false }),
    [pred, target, labels, ...decode.tensors],
    avgFactor,
    { params: { ...decode.params, ...classes, eps }, count: pred.size / 4, lossWeight },
  );
}

function withDefaults(
  op: string,
  { measure = 'log', eps = 1e-6, lossWeight = 1 }: IouLossOptions,
): Required<IouLossOptions> {
  if (!(eps > 0)) throw new Error(`${op}: eps must be above 0, got ${eps}`);
  return { measure, eps, lossWeight };
}

interface GoalInputs {
  readonly kind: GoalKind;
  readonly tensors: readonly Tensor[];
  readonly params: Readonly<Record<string, number>>;
}

function goalOf(op: string, goal: IouGoal, batch: number, rowsPerImage: number): GoalInputs {
  const { assigned } = goal;
  if (assigned) requireTensor(op, 'assigned', assigned, 'int32', [batch, rowsPerImage]);
  if ('gtBoxes' in goal) {
    const { gtBoxes } = goal;
    requireTensor(op, 'gtBoxes', gtBoxes, 'float32', [batch, null, 4]);
    const params = { rowsPerImage, gtRows: side(op, 'gtBoxes', gtBoxes, 1) };
    return { kind: 'matched', tensors: [gtBoxes, goal.assigned], params };
  }
  requireTensor(op, 'targets', goal.targets, 'float32', [batch, rowsPerImage, 4]);
  return assigned
    ? { kind: 'masked', tensors: [goal.targets, assigned], params: {} }
    : { kind: 'own', tensors: [goal.targets], params: {} };
}
