import { UserError } from '../../base/errors.ts';
import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor1D, Tensor4D } from '../../tensor/tf.ts';
import { defineOp } from '../host/define-op.ts';
import { isFrozen } from '../host/is-frozen.ts';
import { batchStatisticsGrad, runningStatisticsGrad } from './batch-norm-grad.ts';
import { batchNormKernel } from './batch-norm.wgsl.ts';
import { channelMomentsKernel, mergeMomentsKernel } from './channel-moments.wgsl.ts';
import { chunkRows } from './channel-sums.ts';

/** The four vectors of a batch norm, float32 [C] each. Running statistics are changed in place in training mode. */
export interface BatchNormState {
  readonly weight: Tensor1D;
  readonly bias: Tensor1D;
  readonly runningMean: Tensor1D;
  readonly runningVar: Tensor1D;
}

export interface BatchNormOptions {
  /** Normalise by the batch and move the running statistics (true), or by the running statistics (false). */
  readonly training: boolean;
  readonly relu: boolean;
  /** PyTorch's defaults: eps 1e-5, momentum 0.1. */
  readonly eps: number;
  readonly momentum: number;
  /** Added before the ReLU; same shape as `x`. */
  readonly residual?: Tensor4D;
}

/**
 * Batch normalisation over N, H, W (Ioffe & Szegedy, 2015), PyTorch's BatchNorm2d, with the shortcut addition and the
 * ReLU of a residual block in the same kernel.
 *
 * @param x float32 [N, H, W, C]
 * @returns float32 [N, H, W, C]; differentiable in x, weight, bias and residual
 * @throws UserError `batch-norm-one-value` in training with N·H·W = 1, as PyTorch does: one value has no variance
 */
export function batchNorm(x: Tensor4D, state: BatchNormState, options: BatchNormOptions): Tensor4D {
  const { training, relu, eps, momentum, residual } = options;
  return tf.tidy(() => {
    const { mean, variance } = training
      ? batchMoments(x, state, momentum)
      : { mean: state.runningMean, variance: state.runningVar };
    const { weight, bias } = state;
    const shortcut = residual === undefined ? {} : { residual };
    const inputs = { x, mean, variance, weight, bias, ...shortcut };
    const attributes = {
      relu,
      training,
      eps,
      residual: residual !== undefined,
      affine: !isFrozen(weight) || !isFrozen(bias),
    };
    return runBatchNorm(inputs, attributes).as4D(...x.shape);
  });
}

type Input = 'x' | 'mean' | 'variance' | 'weight' | 'bias' | 'residual';
type Attributes = {
  readonly relu: boolean;
  readonly training: boolean;
  readonly eps: number;
  readonly residual: boolean;
  /** Whether weight or bias is trained. */
  readonly affine: boolean;
};

const runBatchNorm = defineOp<Input, Attributes>({
  name: 'AnchorageBatchNorm',
  save: ['x', 'mean', 'variance', 'weight'],
  saveOutput: true,
  forward(inputs, { relu, eps }) {
    const { x, mean, variance, weight, bias } = inputs;
    // Absent for a norm without a shortcut: the registry's map then simply lacks the key.
    const residual: Tensor | undefined = inputs.residual;
    const channels = weight.size;
    const vector = channels % 4 === 0 ? 4 : 1;
    const y = emptyTensor(x.shape);
    const count = x.size / vector;
    const { workgroups, rowSize } = foldWorkgroups(count, 64);
    runKernel(
      batchNormKernel({ residual: residual !== undefined, relu, vector }),
      [x, mean, variance, weight, bias, ...(residual === undefined ? [] : [residual]), y],
      { count, rowSize, groups: channels / vector, eps },
      workgroups,
    );
    return y;
  },
  gradient(dy, saved, { relu, training, eps, residual, affine }) {
    const [x, mean, variance, weight, y] = saved;
    if (!x || !mean || !variance || !weight || !y) throw new Error('batchNorm: saved');
    const norm = { x, mean, variance, eps, weight, y: relu ? y : undefined };
    const grads = training
      ? batchStatisticsGrad(dy, norm)
      : runningStatisticsGrad(dy, norm, { residual, affine });
    return {
      x: () => grads.x,
      weight: () => grads.weight ?? weight.zerosLike(),
      bias: () => grads.bias ?? weight.zerosLike(),
      residual: () => (grads.residual ?? dy).clone(),
      // Functions of x (training) or constants (evaluation); never differentiated on their own.
      mean: () => mean.zerosLike(),
      variance: () => variance.zerosLike(),
    };
  },
});

function batchMoments(
  x: Tensor4D,
  { runningMean, runningVar }: BatchNormState,
  momentum: number,
): { readonly mean: Tensor1D; readonly variance: Tensor1D } {
  const channels = x.shape[3];
  const rows = x.size / channels;
  if (rows === 1) {
    throw new UserError({
      code: 'batch-norm-one-value',
      what: 'A batch norm in training mode got one value per channel.',
      why: 'Batch size 1 and a map of 1 × 1 leave nothing to take a variance of.',
      action: 'Train with larger images or batches, or set norm_eval to true.',
    });
  }
  const { rowsPerChunk, chunks } = chunkRows(rows);
  const partial = emptyTensor([chunks, 2, channels]);
  const mean = emptyTensor<Tensor1D>([channels]);
  const variance = emptyTensor<Tensor1D>([channels]);
  runKernel(channelMomentsKernel, [x, partial], { rows, channels, rowsPerChunk, chunks }, [
    Math.ceil(channels / 16),
    Math.ceil(chunks / 4),
    1,
  ]);
  runKernel(
    mergeMomentsKernel,
    [partial, mean, variance, runningMean, runningVar],
    { rows, channels, rowsPerChunk, chunks, momentum },
    [Math.ceil(channels / 16), 1, 1],
  );
  partial.dispose();
  return { mean, variance };
}
