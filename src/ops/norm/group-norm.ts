import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '../../tensor/tf.ts';
import { sumSplits } from '../conv/row-splits.ts';
import { reluGrad } from '../elementwise/relu-grad.ts';
import { defineOp } from '../host/define-op.ts';
import { chunkRows } from './channel-sums.ts';
import {
  groupMomentsKernel,
  groupNormGradKernel,
  groupNormGroupSumsKernel,
  groupNormKernel,
  groupNormSumsKernel,
  imageMomentsKernel,
} from './group-norm.wgsl.ts';

export interface GroupNormOptions {
  /** Divides the channels; group g is the channels g·C/groups … (g + 1)·C/groups − 1. */
  readonly groups: number;
  /** PyTorch's default: 1e-5. */
  readonly eps: number;
  readonly relu: boolean;
  /** Added before the ReLU; same shape as `x`. */
  readonly residual?: Tensor4D;
}

/**
 * Group normalisation (Wu & He, 2018, https://arxiv.org/abs/1803.08494), PyTorch's GroupNorm: every group of channels of
 * every image by its own mean and (biased) variance, also in evaluation. The shortcut addition and the ReLU of a residual
 * block are in the same kernel.
 *
 * @param x float32 [N, H, W, C]
 * @param weight float32 [C]
 * @param bias float32 [C]
 * @returns float32 [N, H, W, C]; differentiable in x, weight, bias and residual
 * @throws Error when the groups do not divide the channels
 */
export function groupNorm(
  x: Tensor4D,
  weight: Tensor1D,
  bias: Tensor1D,
  { groups, eps, relu, residual }: GroupNormOptions,
): Tensor4D {
  if (x.shape[3] % groups !== 0 || groups < 1) {
    throw new Error(`groupNorm: ${groups} groups do not divide ${x.shape[3]} channels`);
  }
  return tf.tidy(() => {
    const { mean, invStd } = groupMoments(x, groups, eps);
    const shortcut = residual === undefined ? {} : { residual };
    const inputs = { x, mean, invStd, weight, bias, ...shortcut };
    return runGroupNorm(inputs, { groups, relu }).as4D(...x.shape);
  });
}

type Input = 'x' | 'mean' | 'invStd' | 'weight' | 'bias' | 'residual';
type Attributes = { readonly groups: number; readonly relu: boolean };

const runGroupNorm = defineOp<Input, Attributes>({
  name: 'AnchorageGroupNorm',
  save: ['x', 'mean', 'invStd', 'weight'],
  saveOutput: true,
  forward(inputs, { groups, relu }) {
    const { x, mean, invStd, weight, bias } = inputs;
    // Absent for a norm without a shortcut: the registry's map then simply lacks the key.
    const residual: Tensor | undefined = inputs.residual;
    const y = emptyTensor(x.shape);
    const { workgroups, rowSize } = foldWorkgroups(y.size, 64);
    runKernel(
      groupNormKernel({ residual: residual !== undefined, relu }),
      [x, mean, invStd, weight, bias, ...(residual === undefined ? [] : [residual]), y],
      { ...sizes(x, groups), count: y.size, rowSize },
      workgroups,
    );
    return y;
  },
  gradient(dy, saved, { groups, relu }) {
    const [x, mean, invStd, weight, y] = saved;
    if (!x || !mean || !invStd || !weight || !y) throw new Error('groupNorm: saved');
    const masked = relu ? reluGrad(dy, y) : dy;
    const { images, channels, chunks } = sizes(x, groups);
    const partial = gradientSums(masked, x, mean, invStd, groups);
    const sums = groupSums(partial, x, weight, groups);
    const totals = sumSplits(partial, images * chunks, [2, channels]);
    return {
      x: () => inputGrad(masked, x, mean, invStd, weight, sums),
      weight: () => totals.slice([1, 0], [1, channels]).reshape([channels]),
      bias: () => totals.slice([0, 0], [1, channels]).reshape([channels]),
      residual: () => masked.clone(),
      // Functions of x, whose part of the gradient is in dx; never differentiated on their own.
      mean: () => mean.zerosLike(),
      invStd: () => invStd.zerosLike(),
    };
  },
});

/** Mean and 1/√(var + eps) of every group of every image, float32 [N, groups] each. Two dispatches. */
function groupMoments(
  x: Tensor4D,
  groups: number,
  eps: number,
): { readonly mean: Tensor2D; readonly invStd: Tensor2D } {
  const shape = sizes(x, groups);
  const { images, channels, chunks } = shape;
  const partial = emptyTensor([images, chunks, 2, channels]);
  const mean = emptyTensor<Tensor2D>([images, groups]);
  const invStd = emptyTensor<Tensor2D>([images, groups]);
  runKernel(imageMomentsKernel, [x, partial], shape, chunkGrid(shape));
  runKernel(groupMomentsKernel, [partial, mean, invStd], { ...shape, count: mean.size, eps }, [
    Math.ceil(mean.size / 16),
    1,
    1,
  ]);
  partial.dispose();
  return { mean, invStd };
}

/** Σ dy and Σ dy·x̂ per image, chunk of pixels and channel, float32 [N, chunks, 2, C]. */
function gradientSums(dy: Tensor, x: Tensor, mean: Tensor, invStd: Tensor, groups: number): Tensor {
  const shape = sizes(x, groups);
  const partial = emptyTensor([shape.images, shape.chunks, 2, shape.channels]);
  runKernel(groupNormSumsKernel, [dy, x, mean, invStd, partial], shape, chunkGrid(shape));
  return partial;
}

/** Σ weight·dy and Σ weight·dy·x̂ per image and group, float32 [N, groups, 2]. */
function groupSums(partial: Tensor, x: Tensor, weight: Tensor, groups: number): Tensor {
  const shape = sizes(x, groups);
  const count = shape.images * groups;
  const sums = emptyTensor([shape.images, groups, 2]);
  runKernel(groupNormGroupSumsKernel, [partial, weight, sums], { ...shape, count }, [
    Math.ceil(count / 16),
    1,
    1,
  ]);
  return sums;
}

function inputGrad(
  dy: Tensor,
  x: Tensor,
  mean: Tensor,
  invStd: Tensor,
  weight: Tensor,
  sums: Tensor,
): Tensor {
  const dx = emptyTensor(x.shape);
  const { workgroups, rowSize } = foldWorkgroups(dx.size, 64);
  const [, groups = 1] = mean.shape;
  runKernel(
    groupNormGradKernel,
    [dy, x, mean, invStd, weight, sums, dx],
    { ...sizes(x, groups), count: dx.size, rowSize },
    workgroups,
  );
  return dx;
}

interface GroupNormSizes extends Readonly<Record<string, number>> {
  readonly images: number;
  readonly pixels: number;
  readonly channels: number;
  readonly groups: number;
  readonly perGroup: number;
  readonly rowsPerChunk: number;
  readonly chunks: number;
}

function sizes(x: Tensor, groups: number): GroupNormSizes {
  const [images = 0, height = 0, width = 0, channels = 0] = x.shape;
  const pixels = height * width;
  return { images, pixels, channels, groups, perGroup: channels / groups, ...chunkRows(pixels) };
}

/** Workgroups of a kernel of one invocation per (channel, chunk, image). */
function chunkGrid({ channels, chunks, images }: GroupNormSizes): [number, number, number] {
  return [Math.ceil(channels / 16), Math.ceil(chunks / 4), images];
}
