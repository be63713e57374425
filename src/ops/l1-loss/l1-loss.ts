import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Scalar, Tensor } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { defineOp } from '../host/define-op.ts';
import { sumLoss } from '../loss-sum/loss-sum.ts';
import { WORKGROUP_SIZE, l1GradKernel, l1SumKernel } from './l1-loss.wgsl.ts';

/** `L1Loss` of MMDetection. */
export interface L1LossOptions {
  /** Default 1. */
  readonly lossWeight?: number;
}

/** `SmoothL1Loss` of MMDetection. */
export interface SmoothL1LossOptions extends L1LossOptions {
  /** Where the parabola ends, in units of the deltas; above 0. Default 1. */
  readonly beta?: number;
}

type Input = 'pred' | 'target' | 'assigned' | 'avgFactor';

const smoothL1 = defineOp<Input, Readonly<Record<'beta' | 'lossWeight', number>>>({
  name: 'PositivesSmoothL1Loss',
  save: ['pred', 'target', 'assigned', 'avgFactor'],
  forward: ({ pred, target, assigned, avgFactor }, { beta, lossWeight }) =>
    sumLoss(l1SumKernel, [pred, target, assigned], avgFactor, {
      beta,
      count: assigned.size,
      lossWeight,
    }),
  gradient: (dy, [pred, target, assigned, avgFactor], { beta, lossWeight }) => ({
    pred() {
      if (!pred || !target || !assigned || !avgFactor) {
        throw new Error('l1Loss: saved tensors are missing');
      }
      const grad = emptyTensor(pred.shape);
      const count = assigned.size;
      const { workgroups, rowSize } = foldWorkgroups(count, WORKGROUP_SIZE);
      runKernel(
        l1GradKernel,
        [pred, target, assigned, avgFactor, dy, grad],
        { beta, lossWeight, count, rowSize },
        workgroups,
      );
      return grad;
    },
  }),
});

/**
 * Σ |pred − target| over the four deltas of the positive anchors, / (avgFactor + 1.2e-7) · lossWeight (MMDetection 3.x
 * `L1Loss` with box weights 1 on positives and 0 elsewhere). Two dispatches, one for the gradient, which is by `pred`
 * alone; at a difference of exactly 0 it is 0.
 *
 * @param pred float32 [B, N, 4]
 * @param target float32 [B, N, 4], see `bboxTargets`
 * @param assigned int32 [B, N], see `maxIouAssign`; positive where ≥ 0
 * @param avgFactor float32 [1]
 */
export function l1Loss(
  pred: Tensor,
  target: Tensor,
  assigned: Tensor,
  avgFactor: Tensor,
  { lossWeight = 1 }: L1LossOptions = {},
): Scalar {
  return regressionLoss('l1Loss', { pred, target, assigned, avgFactor }, 0, lossWeight);
}

/** As {@link l1Loss}, with ½ d² / β where |d| < β, and |d| − ½ β beyond (MMDetection 3.x `SmoothL1Loss`). */
export function smoothL1Loss(
  pred: Tensor,
  target: Tensor,
  assigned: Tensor,
  avgFactor: Tensor,
  { beta = 1, lossWeight = 1 }: SmoothL1LossOptions = {},
): Scalar {
  if (!(beta > 0)) throw new Error(`smoothL1Loss: beta must be above 0, got ${beta}`);
  return regressionLoss('smoothL1Loss', { pred, target, assigned, avgFactor }, beta, lossWeight);
}

function regressionLoss(
  op: string,
  inputs: Readonly<Record<Input, Tensor>>,
  beta: number,
  lossWeight: number,
): Scalar {
  const { pred, target, assigned, avgFactor } = inputs;
  requireTensor(op, 'pred', pred, 'float32', [null, null, 4]);
  requireTensor(op, 'target', target, 'float32', pred.shape);
  requireTensor(op, 'assigned', assigned, 'int32', [
    side(op, 'pred', pred, 0),
    side(op, 'pred', pred, 1),
  ]);
  requireTensor(op, 'avgFactor', avgFactor, 'float32', [1]);
  return smoothL1(inputs, { beta, lossWeight }).asScalar();
}
