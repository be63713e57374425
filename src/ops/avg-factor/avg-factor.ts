import { emptyTensor, runKernel } from '../../tensor/kernel.ts';
import type { Kernel } from '../../tensor/kernel.ts';
import type { Tensor, Tensor1D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';

/**
 * Buffers: numPos i32 [B] → factor f32 [1]. One invocation adds all images in order: a batch is a handful of them.
 * The sum is done in integers, so it is exact.
 */
const avgFactorKernel: Kernel = {
  name: 'avg_factor',
  buffers: [
    { name: 'numPos', type: 'i32', access: 'read' },
    { name: 'factor', type: 'f32', access: 'write' },
  ],
  params: [{ name: 'images', type: 'u32' }],
  body: /* wgsl */ `
@compute @workgroup_size(1, 1, 1)
fn main() {
  var sum = 0;
  for (var image = 0u; image < params.images; image++) { sum += max(numPos[image], 1); }
  factor[0] = f32(sum);
}`,
};

/**
 * What RetinaNet's losses of all levels are divided by: Σ over images of max(positives, 1) (MMDetection 3.x,
 * `SamplingResult.avg_factor` with `PseudoSampler`). No gradient.
 *
 * @param numPos int32 [B]
 * @returns float32 [1]
 */
export function avgFactor(numPos: Tensor): Tensor1D {
  requireTensor('avgFactor', 'numPos', numPos, 'int32', [null]);
  const factor = emptyTensor<Tensor1D>([1]);
  runKernel(
    avgFactorKernel,
    [numPos, factor],
    { images: side('avgFactor', 'numPos', numPos, 0) },
    [1, 1, 1],
  );
  return factor;
}
