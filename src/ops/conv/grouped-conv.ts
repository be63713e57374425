import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { channelSums } from '../norm/channel-sums.ts';
import { commonShape } from './conv-kernels.ts';
import type { ConvKernels, ConvMap } from './conv-kernels.ts';
import { convOutputSize } from './conv-shape.ts';
import type { ConvShape } from './conv-shape.ts';
import {
  groupedForwardKernel,
  groupedInputGradKernel,
  groupedWeightGradKernel,
} from './grouped-conv.wgsl.ts';
import { rowSplits, sumSplits } from './row-splits.ts';

/** One dispatch. */
function forward(
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

/** One dispatch. */
function inputGrad(shape: ConvShape, dy: Tensor, w: Tensor): Tensor {
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

/** One dispatch per map, one that adds them up unless there is only one part, and the bias's sums. */
function weightGrad(
  maps: readonly ConvMap[],
  withBias: boolean,
): { readonly weight: Tensor; readonly bias?: Tensor } {
  const { kernelHeight, kernelWidth, inChannels, outChannels, groups } = commonShape(maps);
  const weightShape = [kernelHeight, kernelWidth, inChannels / groups, outChannels];
  const count = weightShape.reduce((product, side) => product * side, 1);
  const { workgroups, rowSize } = foldWorkgroups(count, 64);
  const parts = maps.map((map) => {
    const rows = map.shape.batch * convOutputSize(map.shape)[0];
    return { ...map, rows, ...rowSplits(workgroups[0] * workgroups[1], rows) };
  });
  const splits = parts.reduce((sum, part) => sum + part.splits, 0);
  const partial = emptyTensor(splits === 1 ? weightShape : [splits, ...weightShape]);
  let firstSplit = 0;
  for (const { shape, x, dy, ...part } of parts) {
    runKernel(
      groupedWeightGradKernel,
      [x, dy, partial],
      { ...sizes(shape), ...part, count, rowSize, firstSplit },
      [workgroups[0], workgroups[1], part.splits],
    );
    firstSplit += part.splits;
  }
  const weight = splits === 1 ? partial : sumSplits(partial, splits, weightShape);
  return withBias ? { weight, bias: tf.addN(maps.map(({ dy }) => channelSums(dy))) } : { weight };
}

/** A convolution in groups. Its input gradient reads the weight as it is. */
export const groupedConv: ConvKernels = {
  forward,
  inputGradWeight: (w) => w,
  inputGrad,
  weightGrad,
};

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
