import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { convOutputSize } from './conv-shape.ts';
import type { ConvShape } from './conv-shape.ts';
import {
  groupedForwardKernel,
  groupedInputGradKernel,
  groupedWeightGradKernel,
} from './grouped-conv.wgsl.ts';
import { rowSplits, sumSplits } from './row-splits.ts';

/** A convolution in groups, float32 [N, OH, OW, CO]. One dispatch. */
export function groupedForward(
  shape: ConvShape,
  x: Tensor,
  w: Tensor,
  bias: Tensor | undefined,
  relu: boolean,
): Tensor {
  const [outHeight, outWidth] = convOutputSize(shape);
  const y = emptyTensor([shape.batch, outHeight, outWidth, shape.outChannels]);
  const { workgroups, rowSize } = foldWorkgroups(y.size, 64);
  runKernel(
    groupedForwardKernel({ bias: bias !== undefined, relu }),
    bias === undefined ? [x, w, y] : [x, w, bias, y],
    { ...sizes(shape), count: y.size, rowSize },
    workgroups,
  );
  return y;
}

/** Gradient with respect to the input, float32 [N, H, W, CI]. One dispatch. */
export function groupedInputGrad(shape: ConvShape, dy: Tensor, w: Tensor): Tensor {
  const dx = emptyTensor([shape.batch, shape.height, shape.width, shape.inChannels]);
  const { workgroups, rowSize } = foldWorkgroups(dx.size, 64);
  runKernel(
    groupedInputGradKernel,
    [dy, w, dx],
    { ...sizes(shape), count: dx.size, rowSize },
    workgroups,
  );
  return dx;
}

/** Gradient with respect to the weight, float32 [KH, KW, CI/groups, CO]. One dispatch, or two where it is split. */
export function groupedWeightGrad(shape: ConvShape, x: Tensor, dy: Tensor): Tensor {
  const [outHeight] = convOutputSize(shape);
  const { kernelHeight, kernelWidth, inChannels, outChannels, groups } = shape;
  const weightShape = [kernelHeight, kernelWidth, inChannels / groups, outChannels];
  const count = weightShape.reduce((product, side) => product * side, 1);
  const rows = shape.batch * outHeight;
  const { workgroups, rowSize } = foldWorkgroups(count, 64);
  const { splits, rowsPerSplit } = rowSplits(workgroups[0] * workgroups[1], rows);
  const partial = emptyTensor(splits === 1 ? weightShape : [splits, ...weightShape]);
  runKernel(
    groupedWeightGradKernel,
    [x, dy, partial],
    { ...sizes(shape), count, rowSize, rows, rowsPerSplit },
    [workgroups[0], workgroups[1], splits],
  );
  return splits === 1 ? partial : sumSplits(partial, splits, weightShape);
}

function sizes(shape: ConvShape): Record<string, number> {
  const [outHeight, outWidth] = convOutputSize(shape);
  return {
    ...shape,
    outHeight,
    outWidth,
    inPerGroup: shape.inChannels / shape.groups,
    outPerGroup: shape.outChannels / shape.groups,
  };
}
