import { activeBackend } from '../../tensor/backend.ts';
import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { convForwardKernel } from './conv-forward.wgsl.ts';
import { convInputGradKernel } from './conv-input-grad.wgsl.ts';
import { commonShape } from './conv-kernels.ts';
import type { ConvKernels, ConvMap } from './conv-kernels.ts';
import { convOutputSize } from './conv-shape.ts';
import type { ConvShape } from './conv-shape.ts';
import { convWeightGradKernel } from './conv-weight-grad.wgsl.ts';
import { rowSplits, sumSplitPairs, sumSplits } from './row-splits.ts';
import { adapterKind, forwardTile, weightTile } from './tile.ts';
import type { AdapterKind } from './tile.ts';
import { weightTransposeKernel } from './weight-transpose.wgsl.ts';

/** WebGPU's limit on each dimension of a dispatch; longer grids are folded into z. */
const MAX_GRID = 65_535;

/** The processor kind of the active adapter, which picks the tiles. */
function kind(): AdapterKind {
  const { info } = activeBackend();
  return adapterKind(info.architecture, `${info.device} ${info.description}`);
}

/** One dispatch. */
function forward(
  shape: ConvShape,
  x: Tensor,
  w: Tensor,
  bias: Tensor | undefined,
  relu: boolean,
): Tensor {
  const [outHeight, outWidth] = convOutputSize(shape);
  const pixels = shape.batch * outHeight * outWidth;
  const tile = forwardTile(kind(), pixels, shape.inChannels, shape.outChannels);
  const y = emptyTensor([shape.batch, outHeight, outWidth, shape.outChannels]);
  const columns = shape.outChannels / tile.outVector;
  const gridX = Math.ceil(columns / (tile.threadsX * tile.columns));
  const [gridY, fold] = foldGrid(Math.ceil(pixels / (tile.rows * tile.threadsY)));
  runKernel(
    convForwardKernel({ tile, bias: bias !== undefined, relu }),
    bias === undefined ? [x, w, y] : [x, w, bias, y],
    {
      ...shape,
      pixels,
      columns,
      steps: shape.inChannels / tile.inVector,
      gridY,
      outHeight,
      outWidth,
    },
    [gridX, gridY, fold],
  );
  return y;
}

/** Wᵀ [KH, KW, CO, CI], so that the input gradient reads its columns contiguously. One dispatch. */
function transposed(w: Tensor): Tensor {
  const [kernelHeight = 0, kernelWidth = 0, inChannels = 0, outChannels = 0] = w.shape;
  const wt = emptyTensor([kernelHeight, kernelWidth, outChannels, inChannels]);
  const { workgroups, rowSize } = foldWorkgroups(w.size, 64);
  runKernel(
    weightTransposeKernel,
    [w, wt],
    { count: w.size, rowSize, inChannels, outChannels },
    workgroups,
  );
  return wt;
}

/** One dispatch. */
function inputGrad(shape: ConvShape, dy: Tensor, wt: Tensor): Tensor {
  const { batch, height, width, inChannels, outChannels, stride, dilation } = shape;
  const [outHeight, outWidth] = convOutputSize(shape);
  const phaseHeight = Math.ceil(height / stride);
  const phaseWidth = Math.ceil(width / stride);
  const phasePixels = batch * phaseHeight * phaseWidth;
  const tile = forwardTile(kind(), phasePixels * stride * stride, outChannels, inChannels);
  const dx = emptyTensor([batch, height, width, inChannels]);
  const columns = inChannels / tile.outVector;
  const gridX = Math.ceil(columns / (tile.threadsX * tile.columns));
  const [gridY, fold] = foldGrid(Math.ceil(phasePixels / (tile.rows * tile.threadsY)));
  const divisor = greatestCommonDivisor(stride, dilation);
  runKernel(
    convInputGradKernel(tile),
    [dy, wt, dx],
    {
      ...shape,
      phasePixels,
      phaseHeight,
      phaseWidth,
      columns,
      steps: outChannels / tile.inVector,
      gridY,
      outHeight,
      outWidth,
      tapStep: stride / divisor,
      backStep: dilation / divisor,
    },
    [gridX, gridY, fold * stride * stride],
  );
  return dx;
}

/** One dispatch per map, and one that adds them up unless there is only one part of the weight alone. */
function weightGrad(
  maps: readonly ConvMap[],
  withBias: boolean,
): { readonly weight: Tensor; readonly bias?: Tensor } {
  const { inChannels, outChannels, kernelHeight, kernelWidth } = commonShape(maps);
  const tile = weightTile(kind(), inChannels, outChannels);
  const columns = outChannels / tile.outVector;
  const gridX = Math.ceil(columns / (tile.threadsX * tile.columns));
  const taps = kernelHeight * kernelWidth;
  const blocks = taps * Math.ceil(inChannels / tile.rows) + (withBias ? 1 : 0);
  const gridY = Math.ceil(blocks / tile.threadsY);
  const parts = maps.map((map) => {
    const [outHeight, outWidth] = convOutputSize(map.shape);
    const rows = map.shape.batch * outHeight;
    return { ...map, rows, outHeight, outWidth, ...rowSplits(gridX * gridY, rows) };
  });
  const splits = parts.reduce((sum, part) => sum + part.splits, 0);
  const weightShape = [kernelHeight, kernelWidth, inChannels, outChannels];
  const partialRows = taps * inChannels + (withBias ? 1 : 0);
  const whole = splits === 1 && !withBias;
  const partial = emptyTensor(whole ? weightShape : [splits, partialRows, outChannels]);
  let firstSplit = 0;
  for (const { shape, x, dy, ...part } of parts) {
    runKernel(
      convWeightGradKernel(tile, withBias),
      [x, dy, partial],
      {
        ...shape,
        ...part,
        taps,
        columns,
        inSteps: inChannels / tile.inVector,
        firstSplit,
        partialRows,
      },
      [gridX, gridY, part.splits],
    );
    firstSplit += part.splits;
  }
  if (whole) return { weight: partial };
  if (!withBias) return { weight: sumSplits(partial, splits, weightShape) };
  const [weight, bias] = sumSplitPairs(partial, splits, weightShape, [outChannels]);
  return { weight, bias };
}

/** A convolution of one group. */
export const denseConv: ConvKernels = {
  forward,
  inputGradWeight: transposed,
  inputGrad,
  weightGrad,
};

function foldGrid(count: number): readonly [y: number, z: number] {
  const y = Math.min(count, MAX_GRID);
  return [y, Math.ceil(count / y)];
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
