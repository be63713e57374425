import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { requireTensor } from '../argument/require-tensor.ts';
import { sumSplits } from '../conv/row-splits.ts';
import { defineOp } from '../host/define-op.ts';
import {
  WORKGROUP_SIZE,
  scaledDistancesGradKernel,
  scaledDistancesKernel,
} from './scaled-distances.wgsl.ts';
import type { DistanceForm } from './scaled-distances.wgsl.ts';

export interface ScaledDistancesOptions {
  /** `linear`: max(z, 0), slope 1 at 0 (`norm_on_bbox`); `exp`: eᶻ. */
  readonly form: DistanceForm;
  /** Factor of the result, e.g. the stride that makes pixels of it. Default 1. */
  readonly unit?: number;
}

const OP = 'scaledDistances';

/**
 * Distances from a box tower's output z = scale · pred (MMDetection 3.x `FCOSHead.forward_single`): unit · max(z, 0) or
 * unit · eᶻ. One dispatch; two for both gradients, which are deterministic.
 *
 * @param pred float32, any shape
 * @param scale float32 []: the level's learnable scale
 * @returns float32, shaped as `pred`; differentiable in `pred` and `scale`
 */
export function scaledDistances<T extends Tensor>(
  pred: T,
  scale: Tensor,
  { form, unit = 1 }: ScaledDistancesOptions,
): T {
  requireTensor(OP, 'pred', pred, 'float32', pred.shape);
  requireTensor(OP, 'scale', scale, 'float32', []);
  return tf.tidy(() =>
    runScaledDistances({ pred, scale }, { exp: form === 'exp', unit }).reshape<T>(pred.shape),
  );
}

type Attributes = { readonly exp: boolean; readonly unit: number };

const runScaledDistances = defineOp<'pred' | 'scale', Attributes>({
  name: 'AnchorageScaledDistances',
  save: ['pred', 'scale'],
  forward({ pred, scale }, { exp, unit }) {
    const distances = emptyTensor(pred.shape);
    const { workgroups, rowSize } = foldWorkgroups(pred.size, WORKGROUP_SIZE);
    runKernel(
      scaledDistancesKernel(exp ? 'exp' : 'linear'),
      [pred, scale, distances],
      { unit, count: pred.size, rowSize },
      workgroups,
    );
    return distances;
  },
  gradient(dy, [pred, scale], { exp, unit }) {
    if (!pred || !scale) throw new Error(`${OP}: saved tensors are missing`);
    const dPred = emptyTensor(pred.shape);
    const groups = partialSums(pred.size);
    const partials = emptyTensor([groups]);
    runKernel(
      scaledDistancesGradKernel(exp ? 'exp' : 'linear'),
      [pred, scale, dy, dPred, partials],
      { unit, count: pred.size },
      [groups, 1, 1],
    );
    return {
      pred: () => dPred,
      scale: () => sumSplits(partials, groups, []),
    };
  },
});

/** Elements that one invocation does before the count of workgroups grows, and the largest count. */
const ELEMENTS_PER_INVOCATION = 16;
const MAX_WORKGROUPS = 512;

function partialSums(count: number): number {
  const groups = Math.ceil(count / (WORKGROUP_SIZE * ELEMENTS_PER_INVOCATION));
  return Math.min(Math.max(groups, 1), MAX_WORKGROUPS);
}
