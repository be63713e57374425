import { activeBackend } from '../../tensor/backend.ts';
import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor, Tensor1D, Tensor4D } from '../../tensor/tf.ts';
import { reluGrad } from '../elementwise/relu-grad.ts';
import { defineOp } from '../host/define-op.ts';
import { channelSums } from '../norm/channel-sums.ts';
import { convForwardKernel } from './conv-forward.wgsl.ts';
import { convInputGradKernel } from './conv-input-grad.wgsl.ts';
import { convOutputSize } from './conv-shape.ts';
import type { ConvShape } from './conv-shape.ts';
import { convWeightGradKernel } from './conv-weight-grad.wgsl.ts';
import { splitReduceKernel } from './split-reduce.wgsl.ts';
import { adapterKind, forwardTile, weightTile } from './tile.ts';
import type { AdapterKind } from './tile.ts';
import { weightTransposeKernel } from './weight-transpose.wgsl.ts';

/** WebGPU's limit on each dimension of a dispatch; longer grids are folded into z. */
const MAX_GRID = 65_535;

export interface Conv2dOptions {
  readonly stride: number;
  readonly padding: number;
  /** Applies max(·, 0) to the result, inside the kernel. */
  readonly relu?: boolean;
}

/**
 * 2-D convolution, as PyTorch's Conv2d with square kernel and dilation 1, on NHWC tensors.
 *
 * @param x float32 [N, H, W, CI]
 * @param w float32 [K, K, CI, CO]
 * @param bias float32 [CO], or null
 * @returns float32 [N, OH, OW, CO]; differentiable in x, w and bias
 */
export function conv2d(
  x: Tensor4D,
  w: Tensor4D,
  bias: Tensor1D | null,
  { stride, padding, relu = false }: Conv2dOptions,
): Tensor4D {
  if (x.shape[3] !== w.shape[2] || w.shape[0] !== w.shape[1]) {
    throw new Error(`conv2d: input [${x.shape}] does not fit weight [${w.shape}] (H, W, CI, CO)`);
  }
  const inputs = bias === null ? { x, w } : { x, w, bias };
  return runConv(inputs, { stride, padding, relu }).as4D(...convResultShape(x, w, stride, padding));
}

type Attributes = { readonly stride: number; readonly padding: number; readonly relu: boolean };

const runConv = defineOp<'x' | 'w' | 'bias', Attributes>({
  name: 'AnchorageConv2D',
  save: ['x', 'w'],
  saveOutput: true,
  forward({ x, w, bias }, { stride, padding, relu }) {
    const shape = shapeOf(x, w, stride, padding);
    return convForward(shape, x, w, bias, relu);
  },
  gradient(dy, saved, { stride, padding, relu }) {
    const [x, w, y] = saved;
    if (x === undefined || w === undefined || y === undefined) throw new Error('conv2d: saved');
    const shape = shapeOf(x, w, stride, padding);
    const masked = relu ? reluGrad(dy, y) : dy;
    return {
      x: () => convInputGrad(shape, masked, w),
      w: () => convWeightGrad(shape, x, masked),
      bias: () => channelSums(masked),
    };
  },
});

function shapeOf(x: Tensor, w: Tensor, stride: number, padding: number): ConvShape {
  const [batch = 0, height = 0, width = 0, inChannels = 0] = x.shape;
  const [kernelSize = 0, , , outChannels = 0] = w.shape;
  return { batch, height, width, inChannels, outChannels, kernelSize, stride, padding };
}

function convResultShape(
  x: Tensor4D,
  w: Tensor4D,
  stride: number,
  padding: number,
): [number, number, number, number] {
  const [outHeight, outWidth] = convOutputSize(shapeOf(x, w, stride, padding));
  return [x.shape[0], outHeight, outWidth, w.shape[3]];
}

/** The processor kind of the active adapter, which picks the tiles. */
function kind(): AdapterKind {
  const { info } = activeBackend();
  return adapterKind(info.architecture, `${info.device} ${info.description}`);
}

function convForward(
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
      pixels,
      columns,
      steps: shape.inChannels / tile.inVector,
      gridY,
      height: shape.height,
      width: shape.width,
      outHeight,
      outWidth,
      kernelSize: shape.kernelSize,
      stride: shape.stride,
      padding: shape.padding,
    },
    [gridX, gridY, fold],
  );
  return y;
}

function convInputGrad(shape: ConvShape, dy: Tensor, w: Tensor): Tensor {
  const { batch, height, width, inChannels, outChannels, kernelSize, stride, padding } = shape;
  const [outHeight, outWidth] = convOutputSize(shape);
  const transposed = emptyTensor([kernelSize, kernelSize, outChannels, inChannels]);
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
  runKernel(
    convInputGradKernel(tile),
    [dy, transposed, dx],
    {
      phasePixels,
      phaseHeight,
      phaseWidth,
      columns,
      steps: outChannels / tile.inVector,
      gridY,
      height,
      width,
      outHeight,
      outWidth,
      kernelSize,
      stride,
      padding,
    },
    [gridX, gridY, fold * stride * stride],
  );
  transposed.dispose();
  return dx;
}

function convWeightGrad(shape: ConvShape, x: Tensor, dy: Tensor): Tensor {
  const { batch, height, width, inChannels, outChannels, kernelSize, stride, padding } = shape;
  const [outHeight, outWidth] = convOutputSize(shape);
  const tile = weightTile(kind(), inChannels, outChannels);
  const columns = outChannels / tile.outVector;
  const gridX = Math.ceil(columns / (tile.threadsX * tile.columns));
  const blocks = kernelSize * kernelSize * Math.ceil(inChannels / tile.rows);
  const gridY = Math.ceil(blocks / tile.threadsY);
  const rows = batch * outHeight;
  const wanted = splitsFor(gridX * gridY, rows);
  const rowsPerSplit = Math.ceil(rows / wanted);
  const splits = Math.ceil(rows / rowsPerSplit);
  const weightShape = [kernelSize, kernelSize, inChannels, outChannels];
  const count = kernelSize * kernelSize * inChannels * outChannels;
  const partial = emptyTensor(splits === 1 ? weightShape : [splits, count]);
  runKernel(
    convWeightGradKernel(tile),
    [x, dy, partial],
    {
      columns,
      inChannels,
      inSteps: inChannels / tile.inVector,
      rows,
      rowsPerSplit,
      height,
      width,
      outHeight,
      outWidth,
      kernelSize,
      stride,
      padding,
    },
    [gridX, gridY, splits],
  );
  if (splits === 1) return partial;
  const dw = emptyTensor(weightShape);
  const flat = foldWorkgroups(count, 64);
  runKernel(
    splitReduceKernel,
    [partial, dw],
    { count, rowSize: flat.rowSize, splits },
    flat.workgroups,
  );
  partial.dispose();
  return dw;
}

/** Workgroups that keep any adapter busy; fewer are split along the output rows. */
const BUSY_WORKGROUPS = 32;

function splitsFor(workgroups: number, rows: number): number {
  return Math.max(1, Math.min(rows, 64, Math.ceil(BUSY_WORKGROUPS / workgroups)));
}

function foldGrid(count: number): readonly [y: number, z: number] {
  const y = Math.min(count, MAX_GRID);
  return [y, Math.ceil(count / y)];
}
