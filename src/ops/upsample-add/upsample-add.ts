import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor4D } from '../../tensor/tf.ts';
import { defineOp } from '../host/define-op.ts';
import { upsampleAddKernel, upsampleGradKernel } from './upsample-add.wgsl.ts';

/**
 * The top-down addition of a feature pyramid (Lin et al., 2017, §3): lateral + nearest-neighbour upsampling of the
 * coarser map to the lateral's size.
 *
 * @param lateral float32 [N, H, W, C]
 * @param small float32 [N, h, w, C], h ≤ H and w ≤ W
 * @returns float32 [N, H, W, C]; differentiable in both
 */
export function upsampleAdd(lateral: Tensor4D, small: Tensor4D): Tensor4D {
  return tf.tidy(() =>
    runUpsampleAdd({ lateral, small }, { small: small.shape }).as4D(...lateral.shape),
  );
}

const runUpsampleAdd = defineOp<'lateral' | 'small', { readonly small: readonly number[] }>({
  name: 'AnchorageUpsampleAdd',
  save: [],
  forward({ lateral, small }) {
    const y = emptyTensor(lateral.shape);
    const { workgroups, rowSize } = foldWorkgroups(y.size, 64);
    runKernel(
      upsampleAddKernel,
      [lateral, small, y],
      { ...sizes(lateral.shape, small.shape), count: y.size, rowSize },
      workgroups,
    );
    return y;
  },
  gradient(dy, _saved, { small }) {
    return {
      lateral: () => dy.clone(),
      small: () => {
        const dx = emptyTensor(small);
        const { workgroups, rowSize } = foldWorkgroups(dx.size, 64);
        runKernel(
          upsampleGradKernel,
          [dy, dx],
          { ...sizes(dy.shape, small), count: dx.size, rowSize },
          workgroups,
        );
        return dx;
      },
    };
  },
});

function sizes(large: readonly number[], small: readonly number[]): Record<string, number> {
  const [, height = 0, width = 0, channels = 0] = large;
  const [, smallHeight = 0, smallWidth = 0] = small;
  return { height, width, channels, smallHeight, smallWidth };
}
