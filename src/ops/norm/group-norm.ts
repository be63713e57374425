import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '../../tensor/tf.ts';
import { defineListOp } from '../host/define-op.ts';
import { groupNormGrad } from './group-norm-grad.ts';
import { groupMomentsKernel, groupNormKernel, imageMomentsKernel } from './group-norm.wgsl.ts';
import { chunkGrid, groupNormSizes } from './group-norm-sizes.ts';

export interface GroupNormOptions {
  /** Divides the channels; group g is the channels g·C/groups … (g + 1)·C/groups − 1. */
  readonly groups: number;
  /** PyTorch's default: 1e-5. */
  readonly eps: number;
  readonly relu: boolean;
}

export interface ResidualGroupNormOptions extends GroupNormOptions {
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
  { residual, ...options }: ResidualGroupNormOptions,
): Tensor4D {
  const [y] = run([x], weight, bias, options, residual);
  if (y === undefined) throw new Error('groupNorm: no result');
  return y;
}

/**
 * The same norm of several maps, such as a pyramid's levels, without shortcuts. The gradients of weight and bias are sums
 * over all maps, added up in their order by one reduction.
 *
 * @param xs at least one, of C channels each
 * @returns one map for each of `xs`
 * @throws Error as {@link groupNorm}
 */
export function groupNormOnMaps(
  xs: readonly Tensor4D[],
  weight: Tensor1D,
  bias: Tensor1D,
  options: GroupNormOptions,
): readonly Tensor4D[] {
  return run(xs, weight, bias, options, undefined);
}

function run(
  xs: readonly Tensor4D[],
  weight: Tensor1D,
  bias: Tensor1D,
  { groups, eps, relu }: GroupNormOptions,
  residual: Tensor4D | undefined,
): readonly Tensor4D[] {
  for (const { shape } of xs) {
    if (shape[3] % groups !== 0 || groups < 1) {
      throw new Error(`groupNorm: ${groups} groups do not divide ${shape[3]} channels`);
    }
  }
  return tf.tidy(() => {
    const moments = xs.flatMap((x) => groupMoments(x, groups, eps));
    const inputs = [weight, bias, ...xs, ...moments, ...(residual === undefined ? [] : [residual])];
    const outputs = runGroupNorm(inputs, { groups, relu, maps: xs.length });
    return xs.map((x, map) => at(outputs, map).as4D(...x.shape));
  });
}

type Attributes = { readonly groups: number; readonly relu: boolean; readonly maps: number };

/** Inputs: weight, bias, the maps, mean and invStd of each map, and the shortcut of a single map if it has one. */
const runGroupNorm = defineListOp<Attributes>({
  name: 'AnchorageGroupNorm',
  forward(inputs, { groups, relu, maps }) {
    const { weight, bias, residual, parts } = operands(inputs, maps);
    return parts.map(({ x, mean, invStd }) => {
      const y = emptyTensor(x.shape);
      const { workgroups, rowSize } = foldWorkgroups(y.size, 64);
      runKernel(
        groupNormKernel({ residual: residual !== undefined, relu }),
        [x, mean, invStd, weight, bias, ...(residual === undefined ? [] : [residual]), y],
        { ...groupNormSizes(x, groups), count: y.size, rowSize },
        workgroups,
      );
      return y;
    });
  },
  gradient(dys, inputs, outputs, { groups, relu, maps }) {
    const { weight, residual, parts } = operands(inputs, maps);
    const norms = parts.map((part, map) => ({
      ...part,
      dy: at(dys, map),
      y: relu ? at(outputs, map) : undefined,
    }));
    const grads = groupNormGrad(norms, weight, groups);
    return [
      () => grads.weight,
      () => grads.bias,
      ...grads.maps.map(({ x }) => x),
      // Functions of x, whose part of the gradient is in dx; never differentiated on their own.
      ...parts.flatMap(({ mean, invStd }) => [() => mean.zerosLike(), () => invStd.zerosLike()]),
      ...(residual === undefined
        ? []
        : [
            () =>
              at(
                grads.maps.map(({ dy }) => dy),
                0,
              ).clone(),
          ]),
    ];
  },
});

function operands(inputs: readonly Tensor[], maps: number) {
  const residual: Tensor | undefined = inputs[2 + 3 * maps];
  return {
    weight: at(inputs, 0),
    bias: at(inputs, 1),
    residual,
    parts: Array.from({ length: maps }, (_, map) => ({
      x: at(inputs, 2 + map),
      mean: at(inputs, 2 + maps + 2 * map),
      invStd: at(inputs, 3 + maps + 2 * map),
    })),
  };
}

function at(tensors: readonly Tensor[], index: number): Tensor {
  const tensor = tensors[index];
  if (tensor === undefined) throw new Error(`groupNorm: no tensor ${index}`);
  return tensor;
}

/** Mean and 1/√(var + eps) of every group of every image, float32 [N, groups] each. Two dispatches. */
function groupMoments(
  x: Tensor4D,
  groups: number,
  eps: number,
): readonly [mean: Tensor2D, invStd: Tensor2D] {
  const shape = groupNormSizes(x, groups);
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
  return [mean, invStd];
}
