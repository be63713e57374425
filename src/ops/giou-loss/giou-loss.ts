import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Scalar, Tensor } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { maxSizeRatio, statistics } from '../delta-coder/delta-coder.ts';
import type { DeltaCoderOptions } from '../delta-coder/delta-coder.ts';
import { defineOp } from '../host/define-op.ts';
import { sumLoss } from '../loss-sum/loss-sum.ts';
import { WORKGROUP_SIZE, giouGradKernel, giouSumKernel } from './giou-loss.wgsl.ts';

/** `GIoULoss` of MMDetection with `reg_decoded_bbox`, and the coder of the predictions. */
export interface GiouLossOptions extends DeltaCoderOptions {
  /** dw and dh are clamped to ±|ln(this)|. Default 16 / 1000. */
  readonly whRatioClip?: number;
  /** Default 1. */
  readonly lossWeight?: number;
  /** Least area of a union or an enclosing box. Default 1e-6. */
  readonly eps?: number;
}

type Input = 'pred' | 'anchors' | 'gtBoxes' | 'assigned' | 'avgFactor';
const OP = 'giouLoss';

interface Attributes {
  readonly [name: string]: number;
  readonly eps: number;
  readonly lossWeight: number;
}

const giou = defineOp<Input, Attributes>({
  name: 'PositivesGiouLoss',
  save: ['pred', 'anchors', 'gtBoxes', 'assigned', 'avgFactor'],
  forward: ({ pred, anchors, gtBoxes, assigned, avgFactor }, attributes) =>
    sumLoss(giouSumKernel, [pred, anchors, gtBoxes, assigned], avgFactor, {
      ...attributes,
      ...shapeParams(anchors, gtBoxes),
      count: assigned.size,
    }),
  gradient: (dy, [pred, anchors, gtBoxes, assigned, avgFactor], attributes) => ({
    pred() {
      if (!pred || !anchors || !gtBoxes || !assigned || !avgFactor) {
        throw new Error(`${OP}: saved tensors are missing`);
      }
      const grad = emptyTensor(pred.shape);
      const count = assigned.size;
      const { workgroups, rowSize } = foldWorkgroups(count, WORKGROUP_SIZE);
      runKernel(
        giouGradKernel,
        [pred, anchors, gtBoxes, assigned, avgFactor, dy, grad],
        { ...attributes, ...shapeParams(anchors, gtBoxes), count, rowSize },
        workgroups,
      );
      return grad;
    },
  }),
});

function shapeParams(anchors: Tensor, gtBoxes: Tensor): Record<string, number> {
  return {
    anchorCount: side(OP, 'anchors', anchors, 0),
    gtRows: side(OP, 'gtBoxes', gtBoxes, 1),
  };
}

/**
 * Σ (1 − GIoU) of the positive anchors' decoded boxes with their ground truths, / (avgFactor + 1.2e-7) · lossWeight
 * (MMDetection 3.x `GIoULoss` under `reg_decoded_bbox`; boxes are decoded without clipping, as there). Two dispatches,
 * one for the gradient, which is by `pred` alone and PyTorch's at ties.
 *
 * @param pred float32 [B, N, 4], deltas
 * @param anchors float32 [N, 4], xyxy
 * @param gtBoxes float32 [B, G, 4], xyxy
 * @param assigned int32 [B, N], see `maxIouAssign`; positive where ≥ 0
 * @param avgFactor float32 [1]
 */
export function giouLoss(
  pred: Tensor,
  anchors: Tensor,
  gtBoxes: Tensor,
  assigned: Tensor,
  avgFactor: Tensor,
  options: GiouLossOptions = {},
): Scalar {
  requireTensor(OP, 'pred', pred, 'float32', [null, null, 4]);
  const batch = side(OP, 'pred', pred, 0);
  const anchorCount = side(OP, 'pred', pred, 1);
  requireTensor(OP, 'anchors', anchors, 'float32', [anchorCount, 4]);
  requireTensor(OP, 'gtBoxes', gtBoxes, 'float32', [batch, null, 4]);
  requireTensor(OP, 'assigned', assigned, 'int32', [batch, anchorCount]);
  requireTensor(OP, 'avgFactor', avgFactor, 'float32', [1]);
  const { lossWeight = 1, eps = 1e-6 } = options;
  if (!(eps > 0)) throw new Error(`${OP}: eps must be above 0, got ${eps}`);
  return giou(
    { pred, anchors, gtBoxes, assigned, avgFactor },
    { ...statistics(OP, options), maxRatio: maxSizeRatio(OP, options), eps, lossWeight },
  ).asScalar();
}
