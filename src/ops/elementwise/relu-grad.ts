import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { reluGradKernel } from './relu-grad.wgsl.ts';

/** `dy` where the ReLU's output `y` is positive, else 0. Same shapes, float32. Part of other ops' gradients. */
export function reluGrad<T extends Tensor>(dy: T, y: Tensor): T {
  const result = emptyTensor<T>(dy.shape);
  const { workgroups, rowSize } = foldWorkgroups(dy.size, 64);
  runKernel(reluGradKernel, [dy, y, result], { count: dy.size, rowSize }, workgroups);
  return result;
}
