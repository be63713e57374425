import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Scalar, Tensor } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { defineOp } from '../host/define-op.ts';
import { sumLoss } from '../loss-sum/loss-sum.ts';
import { WORKGROUP_SIZE, focalGradKernel, focalSumKernel } from './sigmoid-focal-loss.wgsl.ts';

/** `FocalLoss` of MMDetection with `use_sigmoid`. */
export interface FocalLossOptions {
  /** Default 2. */
  readonly gamma?: number;
  /** Weight of the target class, 1 − alpha for the others; below 0: no such weights (torchvision). Default 0.25. */
  readonly alpha?: number;
  /** Default 1. */
  readonly lossWeight?: number;
}

type Attributes = Readonly<Record<'gamma' | 'alpha' | 'lossWeight', number>>;

function shapeParams(logits: Tensor, { gamma, alpha }: Attributes): Record<string, number> {
  return { numClasses: side('sigmoidFocalLoss', 'logits', logits, 2), gamma, alpha };
}

const focalLoss = defineOp<'logits' | 'labels' | 'avgFactor', Attributes>({
  name: 'SigmoidFocalLoss',
  save: ['logits', 'labels', 'avgFactor'],
  forward: ({ logits, labels, avgFactor }, attributes) =>
    sumLoss(focalSumKernel, [logits, labels], avgFactor, {
      ...shapeParams(logits, attributes),
      count: logits.size,
      lossWeight: attributes.lossWeight,
    }),
  gradient: (dy, [logits, labels, avgFactor], attributes) => ({
    logits() {
      if (logits === undefined || labels === undefined || avgFactor === undefined) {
        throw new Error('sigmoidFocalLoss: saved tensors are missing');
      }
      const grad = emptyTensor(logits.shape);
      const { workgroups, rowSize } = foldWorkgroups(grad.size, WORKGROUP_SIZE);
      runKernel(
        focalGradKernel,
        [logits, labels, avgFactor, dy, grad],
        {
          ...shapeParams(logits, attributes),
          count: grad.size,
          lossWeight: attributes.lossWeight,
          rowSize,
        },
        workgroups,
      );
      return grad;
    },
  }),
});

/**
 * Sum of the sigmoid focal loss over all anchors and classes, / (avgFactor + 1.2e-7) · lossWeight (MMDetection 3.x
 * `FocalLoss`; the same at any logit, where its formula would overflow). Two dispatches, one for the gradient; the
 * gradient is by the logits alone and reads the upstream scalar on the GPU.
 *
 * @param logits float32 [B, N, K]
 * @param labels int32 [B, N]: class 0 … K − 1; K is background (an all-zero target); −1 has no weight
 * @param avgFactor float32 [1]
 */
export function sigmoidFocalLoss(
  logits: Tensor,
  labels: Tensor,
  avgFactor: Tensor,
  { gamma = 2, alpha = 0.25, lossWeight = 1 }: FocalLossOptions = {},
): Scalar {
  const op = 'sigmoidFocalLoss';
  requireTensor(op, 'logits', logits, 'float32', [null, null, null]);
  const rows = [side(op, 'logits', logits, 0), side(op, 'logits', logits, 1)];
  requireTensor(op, 'labels', labels, 'int32', rows);
  requireTensor(op, 'avgFactor', avgFactor, 'float32', [1]);
  if (!(gamma >= 0)) throw new Error(`${op}: gamma must be at least 0, got ${gamma}`);
  return focalLoss({ logits, labels, avgFactor }, { gamma, alpha, lossWeight }).asScalar();
}
