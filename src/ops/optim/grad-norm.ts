import { activeBackend } from '../../tensor/backend.ts';
import { emptyTensor, runKernel } from '../../tensor/kernel.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { uploadFloats } from '../../tensor/upload.ts';
import { gradNormKernel, SQUARES_PER_WORKGROUP, sumSquaresKernel } from './grad-norm.wgsl.ts';

/** Gradients bound by one dispatch at most, however many the device allows: the kernel has a branch for each. */
const MOST_GRADIENTS = 32;

/**
 * Global L2 norm of gradients and its clipping factor, on the GPU. ceil(P/k) + 1 dispatches, where k is one less than the
 * storage buffers that a stage may bind (at most {@link MOST_GRADIENTS}).
 *
 * @param gradients float32 tensors of any shapes
 * @param maxNorm clip_grad's max_norm; ≤ 0 = no clipping
 * @returns float32 [2]: norm before clipping, factor (−1 when the norm is not finite)
 */
export function gradNorm(gradients: readonly Tensor[], maxNorm: number): Tensor {
  // A binding may not be empty; no element of it is read.
  const hyper = uploadFloats(new Float32Array(1), [1]);
  const result = normBeside(gradients, maxNorm, hyper, 0);
  hyper.dispose();
  return result;
}

/**
 * {@link gradNorm} with the step's hyperparameters behind it: what {@link updateParameters} binds.
 *
 * @param hyper float32 [3]: lr of this step, 1 − β1ᵗ, √(1 − β2ᵗ) (the last two for Adam and AdamW)
 * @returns float32 [5]: norm before clipping, factor (−1 when the norm is not finite), hyper
 */
export function updateStep(gradients: readonly Tensor[], maxNorm: number, hyper: Tensor): Tensor {
  return normBeside(gradients, maxNorm, hyper, 3);
}

function normBeside(
  gradients: readonly Tensor[],
  maxNorm: number,
  hyper: Tensor,
  hyperCount: number,
): Tensor {
  const present = gradients.filter(({ size }) => size > 0);
  const slots = present.reduce((sum, gradient) => sum + workgroupsOf(gradient), 0);
  const partial = emptyTensor([Math.max(1, slots)]);
  const { limits } = activeBackend().device;
  const most = Math.min(MOST_GRADIENTS, limits.maxStorageBuffersPerShaderStage - 1);
  let firstSlot = 0;
  for (let first = 0; first < present.length; first += most) {
    const bound = present.slice(first, first + most);
    firstSlot += sumSquares(bound, partial, firstSlot);
  }
  const result = emptyTensor([2 + hyperCount]);
  runKernel(gradNormKernel, [partial, hyper, result], { slots, hyperCount, maxNorm }, [1, 1, 1]);
  partial.dispose();
  return result;
}

function workgroupsOf(gradient: Tensor): number {
  return Math.ceil(gradient.size / SQUARES_PER_WORKGROUP);
}

/** One dispatch; returns the number of slots that it fills from `firstSlot` on. */
function sumSquares(gradients: readonly Tensor[], partial: Tensor, firstSlot: number): number {
  const params: Record<string, number> = { firstSlot };
  let end = 0;
  for (const [k, gradient] of gradients.entries()) {
    end += workgroupsOf(gradient);
    params[`count${k}`] = gradient.size;
    params[`end${k}`] = end;
  }
  runKernel(sumSquaresKernel(gradients.length), [...gradients, partial], params, [end, 1, 1]);
  return end;
}
