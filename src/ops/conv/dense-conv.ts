import { activeBackend } from '../../tensor/backend.ts';
import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { convForwardKernel } from './conv-forward.wgsl.ts';
import { convInputGradKernel } from './conv-input-grad.wgsl.ts';
import { convOutputSize } from './conv-shape.ts';
import type { ConvShape } from './conv-shape.ts';
import { convWeightGradKernel } from './conv-weight-grad.wgsl.ts';
import { rowSplits, sumSplits } from './row-splits.ts';
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

/** A convolution of one group, float32 [N, OH, OW, CO]. One dispatch. */
export function convForward(
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

/** Gradient with respect to the input, float32 [N, H, W, CI]. Two dispatches. */
export function convInputGrad(shape: ConvShape, dy: Tensor, w: Tensor): Tensor {
  const { batch, height, width, inChannels, outChannels, stride, dilation } = shape;
  const [outHeight, outWidth] = convOutputSize(shape);
  const transposed = emptyTensor([shape.kernelHeight, shape.kernelWidth, outChannels, inChannels]);
  const flat = foldWorkgroups(w.size, 64);
  runKernel(
    weightTransposeKernel,
    [w, transposed],
    { count: w.size, rowSize: flat.rowSize, inChannels, outChannels },
    flat.workgroups,
  );
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
    [dy, transposed, dx],
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
  transposed.dispose();
  return dx;
}

/** Gradient with respect to the weight, float32 [KH, KW, CI, CO]. One dispatch, or two where it is split. */
export function convWeightGrad(shape: ConvShape, x: Tensor, dy: Tensor): Tensor {
  const { batch, inChannels, outChannels, kernelHeight, kernelWidth } = shape;
  const [outHeight, outWidth] = convOutputSize(shape);
  const tile = weightTile(kind(), inChannels, outChannels);
  const columns = outChannels / tile.outVector;
  const gridX = Math.ceil(columns / (tile.threadsX * tile.columns));
  const taps = kernelHeight * kernelWidth;
  const gridY = Math.ceil((taps * Math.ceil(inChannels / tile.rows)) / tile.threadsY);
  const rows = batch * outHeight;
  const { splits, rowsPerSplit } = rowSplits(gridX * gridY, rows);
  const weightShape = [kernelHeight, kernelWidth, inChannels, outChannels];
  const partial = emptyTensor(splits === 1 ? weightShape : [splits, ...weightShape]);
  runKernel(
    convWeightGradKernel(tile),
    [x, dy, partial],
    {
      ...shape,
      taps,
      columns,
      inSteps: inChannels / tile.inVector,
      rows,
      rowsPerSplit,
      outHeight,
      outWidth,
    },
    [gridX, gridY, splits],
  );
  return splits === 1 ? partial : sumSplits(partial, splits, weightShape);
}

function foldGrid(count: number): readonly [y: number, z: number] {
  const y = Math.min(count, MAX_GRID);
  return [y, Math.ceil(count / y)];
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
