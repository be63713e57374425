import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { sumSplitPairs } from '../conv/row-splits.ts';
import {
  batchNormEvalGradKernel,
  batchNormSumsKernel,
  batchNormTrainGradKernel,
} from './batch-norm-grad.wgsl.ts';
import type { BatchNormSumsSpec } from './batch-norm-grad.wgsl.ts';
import { chunkRows } from './channel-sums.ts';

/** A batch norm as its gradients need it. */
export interface NormalisedBy {
  /** float32 [N, H, W, C] */
  readonly x: Tensor;
  /** float32 [C], with eps the divisor √(variance + eps) */
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly eps: number;
  /** float32 [C] */
  readonly weight: Tensor;
  /** The norm's result where a ReLU follows: its mask. */
  readonly y: Tensor | undefined;
}

export interface BatchNormGradients {
  readonly x: Tensor;
  /** What reaches the shortcut; absent where that is dy itself. */
  readonly residual?: Tensor;
  /** Absent where nobody asked for them. */
  readonly bias?: Tensor;
  readonly weight?: Tensor;
}

/** All gradients of a norm by the batch's own statistics. Three dispatches. */
export function batchStatisticsGrad(dy: Tensor, norm: NormalisedBy): BatchNormGradients {
  const { y, x, mean, variance, weight, eps } = norm;
  const { written, bias, weight: dWeight } = sums(dy, norm, y === undefined ? 'nothing' : 'masked');
  const masked = written ?? dy;
  const dx = emptyTensor(dy.shape);
  const { vector, groups } = channelGroups(weight);
  const count = dy.size / vector;
  const { workgroups, rowSize } = foldWorkgroups(count, 64);
  runKernel(
    batchNormTrainGradKernel(vector),
    [masked, x, mean, variance, weight, bias, dWeight, dx],
    { count, rowSize, groups, rows: dy.size / weight.size, eps },
    workgroups,
  );
  return { x: dx, bias, weight: dWeight, ...(written === undefined ? {} : { residual: written }) };
}

/**
 * All gradients of a norm by running statistics. Two dispatches; three for the last norm of a residual block, whose
 * shortcut wants the masked gradient too; one where weight and bias are not trained.
 */
export function runningStatisticsGrad(
  dy: Tensor,
  norm: NormalisedBy,
  { residual, affine }: { readonly residual: boolean; readonly affine: boolean },
): BatchNormGradients {
  const shortcut = residual && norm.y !== undefined;
  if (!affine) return evalInputGrad(dy, norm, shortcut);
  if (!shortcut) {
    const { written, bias, weight } = sums(dy, norm, 'dx');
    if (written === undefined) throw new Error('runningStatisticsGrad: dx was not written');
    return { x: written, bias, weight };
  }
  const { written: masked, bias, weight } = sums(dy, norm, 'masked');
  if (masked === undefined) throw new Error('runningStatisticsGrad: the mask was not written');
  const { x } = evalInputGrad(masked, { ...norm, y: undefined }, false);
  return { x, bias, weight, residual: masked };
}

function evalInputGrad(
  dy: Tensor,
  { y, weight, variance, eps }: NormalisedBy,
  shortcut: boolean,
): BatchNormGradients {
  const dx = emptyTensor(dy.shape);
  const residual = shortcut ? emptyTensor(dy.shape) : undefined;
  const { vector, groups } = channelGroups(weight);
  const count = dy.size / vector;
  const { workgroups, rowSize } = foldWorkgroups(count, 64);
  runKernel(
    batchNormEvalGradKernel({ relu: y !== undefined, shortcut, vector }),
    [
      dy,
      ...(y === undefined ? [] : [y]),
      weight,
      variance,
      dx,
      ...(residual === undefined ? [] : [residual]),
    ],
    { count, rowSize, groups, eps },
    workgroups,
  );
  return { x: dx, ...(residual === undefined ? {} : { residual }) };
}

/** Σ dy and Σ dy·x̂ after the ReLU's mask, float32 [C] each, and what the spec writes on the way. Two dispatches. */
function sums(
  dy: Tensor,
  { x, mean, variance, eps, weight, y }: NormalisedBy,
  writes: BatchNormSumsSpec['writes'],
): { readonly written: Tensor | undefined; readonly bias: Tensor; readonly weight: Tensor } {
  const channels = weight.size;
  const { vector, groups } = channelGroups(weight);
  const rows = dy.size / channels;
  const { rowsPerChunk, chunks } = chunkRows(rows);
  const partial = emptyTensor([chunks, 2, channels]);
  const written = writes === 'nothing' ? undefined : emptyTensor(dy.shape);
  runKernel(
    batchNormSumsKernel({ relu: y !== undefined, writes, vector }),
    [
      dy,
      ...(y === undefined ? [] : [y]),
      x,
      mean,
      variance,
      ...(writes === 'dx' ? [weight] : []),
      partial,
      ...(written === undefined ? [] : [written]),
    ],
    { rows, groups, rowsPerChunk, chunks, eps },
    [Math.ceil(groups / 16), Math.ceil(chunks / 4), 1],
  );
  const [bias, dWeight] = sumSplitPairs(partial, chunks, [channels], [channels]);
  return { written, bias, weight: dWeight };
}

function channelGroups(weight: Tensor): { readonly vector: 1 | 4; readonly groups: number } {
  const vector = weight.size % 4 === 0 ? 4 : 1;
  return { vector, groups: weight.size / vector };
}
