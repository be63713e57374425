import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { gradNormKernel, SQUARES_PER_WORKGROUP, sumSquaresKernel } from './grad-norm.wgsl.ts';
import { adamwKernel, sgdKernel } from './update.wgsl.ts';

/**
 * Global L2 norm of gradients and its clipping factor, on the GPU.
 *
 * @param gradients float32 tensors of any shapes
 * @param maxNorm clip_grad's max_norm; ≤ 0 = no clipping
 * @returns float32 [2]: norm before clipping, factor (−1 when the norm is not finite)
 */
export function gradNorm(gradients: readonly Tensor[], maxNorm: number): Tensor {
  const groupsOf = (gradient: Tensor): number => Math.ceil(gradient.size / SQUARES_PER_WORKGROUP);
  const slots = gradients.reduce((sum, gradient) => sum + groupsOf(gradient), 0);
  const partial = emptyTensor([Math.max(1, slots)]);
  let firstSlot = 0;
  for (const gradient of gradients) {
    const groups = groupsOf(gradient);
    runKernel(sumSquaresKernel, [gradient, partial], { count: gradient.size, firstSlot }, [
      groups,
      1,
      1,
    ]);
    firstSlot += groups;
  }
  const result = emptyTensor([2]);
  runKernel(gradNormKernel, [partial, result], { slots, maxNorm }, [1, 1, 1]);
  partial.dispose();
  return result;
}

/** What all parameters of a step share. */
export interface UpdateStep {
  /** {@link gradNorm}'s result. */
  readonly clip: Tensor;
  /** float32 [3]: lr of this step, 1 − β1ᵗ, √(1 − β2ᵗ) (the last two for AdamW). */
  readonly hyper: Tensor;
}

/** Per-parameter multipliers, from MMDetection's paramwise_cfg. */
export interface ParamScales {
  readonly lrScale: number;
  /** Weight decay of this parameter, its multiplier included. */
  readonly decay: number;
}

/** SGD step on one parameter, in place: `w` and `velocity` are changed. */
export function sgdUpdate(
  w: Tensor,
  gradient: Tensor,
  velocity: Tensor,
  { clip, hyper }: UpdateStep,
  options: ParamScales & { readonly momentum: number; readonly nesterov: boolean },
): void {
  const { workgroups, rowSize } = foldWorkgroups(w.size, 64);
  const { lrScale, decay, momentum } = options;
  runKernel(
    sgdKernel(options.nesterov),
    [gradient, clip, hyper, w, velocity],
    { count: w.size, rowSize, lrScale, decay, momentum },
    workgroups,
  );
}

/** AdamW step on one parameter, in place: `w` and both moments are changed. */
export function adamwUpdate(
  w: Tensor,
  gradient: Tensor,
  moments: { readonly first: Tensor; readonly second: Tensor },
  { clip, hyper }: UpdateStep,
  options: ParamScales & { readonly beta1: number; readonly beta2: number; readonly eps: number },
): void {
  const { workgroups, rowSize } = foldWorkgroups(w.size, 64);
  const { lrScale, decay, beta1, beta2, eps } = options;
  runKernel(
    adamwKernel,
    [gradient, clip, hyper, w, moments.first, moments.second],
    {
      count: w.size,
      rowSize,
      lrScale,
      decay,
      beta1,
      beta2,
      beta1Rest: 1 - beta1,
      beta2Rest: 1 - beta2,
      eps,
    },
    workgroups,
  );
}
