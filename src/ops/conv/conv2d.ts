import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor1D, Tensor4D } from '../../tensor/tf.ts';
import { reluGrad } from '../elementwise/relu-grad.ts';
import { defineOp } from '../host/define-op.ts';
import { channelSums } from '../norm/channel-sums.ts';
import { convOutputSize } from './conv-shape.ts';
import type { ConvShape } from './conv-shape.ts';
import { convForward, convInputGrad, convWeightGrad } from './dense-conv.ts';
import { groupedForward, groupedInputGrad, groupedWeightGrad } from './grouped-conv.ts';

export interface Conv2dOptions {
  readonly stride: number;
  /** Zeros on every side, or [above and below, left and right]. */
  readonly padding: number | readonly [number, number];
  /** Distance between neighbouring taps; 1 unless said. */
  readonly dilation?: number;
  /** Divides both numbers of channels; 1 unless said. As many groups as input channels is a depthwise convolution. */
  readonly groups?: number;
  /** Applies max(·, 0) to the result, inside the kernel. */
  readonly relu?: boolean;
}

/**
 * 2-D convolution, as PyTorch's Conv2d, on NHWC tensors.
 *
 * @param x float32 [N, H, W, CI]
 * @param w float32 [KH, KW, CI/groups, CO]
 * @param bias float32 [CO], or null
 * @returns float32 [N, OH, OW, CO]; differentiable in x, w and bias
 * @throws Error when the weight does not fit the input, or is larger than the padded map
 */
export function conv2d(
  x: Tensor4D,
  w: Tensor4D,
  bias: Tensor1D | null,
  { stride, padding, dilation = 1, groups = 1, relu = false }: Conv2dOptions,
): Tensor4D {
  if (x.shape[3] !== w.shape[2] * groups || w.shape[3] % groups !== 0) {
    throw new Error(
      `conv2d: input [${x.shape}] does not fit weight [${w.shape}] (KH, KW, CI/groups, CO) in ${groups} groups`,
    );
  }
  const sides = typeof padding === 'number' ? [padding, padding] : padding;
  const attributes = { stride, padding: sides, dilation, groups, relu };
  const [outHeight, outWidth] = convOutputSize(shapeOf(x, w, attributes));
  if (outHeight < 1 || outWidth < 1) {
    throw new Error(`conv2d: weight [${w.shape}] is larger than the padded input [${x.shape}]`);
  }
  const inputs = bias === null ? { x, w } : { x, w, bias };
  return tf.tidy(() =>
    runConv(inputs, attributes).as4D(x.shape[0], outHeight, outWidth, w.shape[3]),
  );
}

type Attributes = {
  readonly stride: number;
  readonly padding: readonly number[];
  readonly dilation: number;
  readonly groups: number;
  readonly relu: boolean;
};

const runConv = defineOp<'x' | 'w' | 'bias', Attributes>({
  name: 'AnchorageConv2D',
  save: ['x', 'w'],
  saveOutput: true,
  forward({ x, w, bias }, attributes) {
    const shape = shapeOf(x, w, attributes);
    const forward = shape.groups === 1 ? convForward : groupedForward;
    return forward(shape, x, w, bias, attributes.relu);
  },
  gradient(dy, saved, attributes) {
    const [x, w, y] = saved;
    if (x === undefined || w === undefined || y === undefined) throw new Error('conv2d: saved');
    const shape = shapeOf(x, w, attributes);
    const [inputGrad, weightGrad] =
      shape.groups === 1 ? [convInputGrad, convWeightGrad] : [groupedInputGrad, groupedWeightGrad];
    const masked = attributes.relu ? reluGrad(dy, y) : dy;
    return {
      x: () => inputGrad(shape, masked, w),
      w: () => weightGrad(shape, x, masked),
      bias: () => channelSums(masked),
    };
  },
});

function shapeOf(
  x: Tensor,
  w: Tensor,
  { stride, padding, dilation, groups }: Omit<Attributes, 'relu'>,
): ConvShape {
  const [batch = 0, height = 0, width = 0, inChannels = 0] = x.shape;
  const [kernelHeight = 0, kernelWidth = 0, , outChannels = 0] = w.shape;
  const [paddingY = 0, paddingX = 0] = padding;
  return {
    batch,
    height,
    width,
    inChannels,
    outChannels,
    kernelHeight,
    kernelWidth,
    stride,
    paddingY,
    paddingX,
    dilation,
    groups,
  };
}
