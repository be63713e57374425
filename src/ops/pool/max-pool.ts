import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor4D } from '../../tensor/tf.ts';
import { maxPoolGradKernel, maxPoolKernel } from './max-pool.wgsl.ts';

export interface MaxPoolOptions {
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
}

/**
 * Max pooling as PyTorch's MaxPool2d (floor mode; padding never wins). Kernel 1 with stride 2 is FPN's subsampling.
 *
 * @param x float32 [N, H, W, C]
 * @returns float32 [N, floor((H + 2p − k)/s) + 1, …, C]; differentiable in x, the first maximum of a window takes all
 */
export function maxPool(x: Tensor4D, options: MaxPoolOptions): Tensor4D {
  const { kernelSize, stride, padding } = options;
  const [batch, height, width, channels] = x.shape;
  const side = (input: number): number =>
    Math.floor((input + 2 * padding - kernelSize) / stride) + 1;
  const outHeight = side(height);
  const outWidth = side(width);
  const sizes = { height, width, channels, outHeight, outWidth, kernelSize, stride, padding };
  const run = tf.customGrad((...args) => {
    const [input, save] = args;
    if (!(input instanceof tf.Tensor) || typeof save !== 'function')
      throw new Error('maxPool: arguments');
    const y = emptyTensor<Tensor4D>([batch, outHeight, outWidth, channels]);
    const tap = emptyTensor(y.shape, 'int32');
    const { workgroups, rowSize } = foldWorkgroups(y.size, 64);
    runKernel(maxPoolKernel, [input, y, tap], { ...sizes, count: y.size, rowSize }, workgroups);
    save([tap]);
    return {
      value: y,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [winner] = saved;
        if (winner === undefined) throw new Error('maxPool: saved');
        const dx = emptyTensor(x.shape);
        const flat = foldWorkgroups(dx.size, 64);
        runKernel(
          maxPoolGradKernel,
          [dy, winner, dx],
          { ...sizes, count: dx.size, rowSize: flat.rowSize },
          flat.workgroups,
        );
        return dx;
      },
    };
  });
  return run(x);
}
