import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor4D } from '../../tensor/tf.ts';
import { defineOp } from '../host/define-op.ts';
import { avgPoolGradKernel, avgPoolKernel } from './avg-pool.wgsl.ts';

/**
 * Average pooling as the shortcut of a ResNet-D has it (He et al., 2019, Bag of Tricks §4.1): PyTorch's
 * AvgPool2d(kernel_size=k, stride=k, ceil_mode=True, count_include_pad=False). Windows at the edge are divided by the pixels
 * that they have.
 *
 * @param x float32 [N, H, W, C]
 * @param kernelSize k, a positive integer; 1 gives `x` back
 * @returns float32 [N, ceil(H/k), ceil(W/k), C]; differentiable in x
 */
export function avgPool(x: Tensor4D, kernelSize: number): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  return tf.tidy(() =>
    runAvgPool({ x }, { kernelSize, height, width }).as4D(
      batch,
      Math.ceil(height / kernelSize),
      Math.ceil(width / kernelSize),
      channels,
    ),
  );
}

type Attributes = {
  readonly kernelSize: number;
  readonly height: number;
  readonly width: number;
};

const runAvgPool = defineOp<'x', Attributes>({
  name: 'AnchorageAvgPool',
  save: [],
  forward({ x }, { kernelSize, height, width }) {
    const [batch = 0, , , channels = 0] = x.shape;
    const outHeight = Math.ceil(height / kernelSize);
    const outWidth = Math.ceil(width / kernelSize);
    const y = emptyTensor([batch, outHeight, outWidth, channels]);
    const { workgroups, rowSize } = foldWorkgroups(y.size, 64);
    runKernel(
      avgPoolKernel,
      [x, y],
      { count: y.size, rowSize, height, width, channels, outHeight, outWidth, kernelSize },
      workgroups,
    );
    return y;
  },
  gradient(dy, _saved, { kernelSize, height, width }) {
    const [batch = 0, outHeight = 0, outWidth = 0, channels = 0] = dy.shape;
    return {
      x: () => {
        const dx = emptyTensor([batch, height, width, channels]);
        const { workgroups, rowSize } = foldWorkgroups(dx.size, 64);
        runKernel(
          avgPoolGradKernel,
          [dy, dx],
          { count: dx.size, rowSize, height, width, channels, outHeight, outWidth, kernelSize },
          workgroups,
        );
        return dx;
      },
    };
  },
});
