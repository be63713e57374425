import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor1D, Tensor4D } from '../../tensor/tf.ts';
import { reluGrad } from '../elementwise/relu-grad.ts';
import { defineListOp } from '../host/define-op.ts';
import { isFrozen } from '../host/is-frozen.ts';
import { convOutputSize } from './conv-shape.ts';
import type { ConvShape } from './conv-shape.ts';
import { denseConv } from './dense-conv.ts';
import { groupedConv } from './grouped-conv.ts';

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
  options: Conv2dOptions,
): Tensor4D {
  const [y] = conv2dOnMaps([x], w, bias, options);
  if (y === undefined) throw new Error('conv2d: no result');
  return y;
}

/**
 * The same convolution of several maps, such as a pyramid's levels. Their gradients of the weight and the bias are one sum,
 * added up in the order of the maps: one reduction where separate convolutions would have one each, and their sums.
 *
 * @param xs at least one; of one number of channels
 * @returns one map for each of `xs`
 * @throws Error as {@link conv2d}
 */
export function conv2dOnMaps(
  xs: readonly Tensor4D[],
  w: Tensor4D,
  bias: Tensor1D | null,
  { stride, padding, dilation = 1, groups = 1, relu = false }: Conv2dOptions,
): readonly Tensor4D[] {
  const sides = typeof padding === 'number' ? [padding, padding] : padding;
  const trained = !isFrozen(w) || (bias !== null && !isFrozen(bias));
  const attributes = { stride, padding: sides, dilation, groups, relu, trained };
  for (const x of xs) requireFit(x, w, attributes);
  return tf.tidy(() => {
    const outputs = runConv([w, ...xs, ...(bias === null ? [] : [bias])], {
      ...attributes,
      maps: xs.length,
    });
    return outputs.map((y) => y.as4D(...sizeOf(y)));
  });
}

type Attributes = {
  readonly stride: number;
  readonly padding: readonly number[];
  readonly dilation: number;
  readonly groups: number;
  readonly relu: boolean;
  /** Whether weight or bias is trained. */
  readonly trained: boolean;
  readonly maps: number;
};

const runConv = defineListOp<Attributes>({
  name: 'AnchorageConv2D',
  forward(inputs, attributes) {
    const { w, xs, bias } = operands(inputs, attributes.maps);
    const conv = attributes.groups === 1 ? denseConv : groupedConv;
    return xs.map((x) => conv.forward(shapeOf(x, w, attributes), x, w, bias, attributes.relu));
  },
  gradient(dys, inputs, outputs, attributes) {
    const { w, xs, bias } = operands(inputs, attributes.maps);
    const conv = attributes.groups === 1 ? denseConv : groupedConv;
    const maps = xs.map((x, i) => {
      const [dy, y] = [dys[i], outputs[i]];
      if (dy === undefined || y === undefined) throw new Error('conv2d: saved');
      return { shape: shapeOf(x, w, attributes), x, dy: attributes.relu ? reluGrad(dy, y) : dy };
    });
    const grads = attributes.trained ? conv.weightGrad(maps, bias !== undefined) : undefined;
    // One map alone waits until its gradient is asked for: that of a network's first convolution is not.
    const shared = maps.length > 1 ? conv.inputGradWeight(w) : undefined;
    return [
      () => grads?.weight ?? w.zerosLike(),
      ...maps.map(
        ({ shape, dy }) =>
          () =>
            conv.inputGrad(shape, dy, shared ?? conv.inputGradWeight(w)),
      ),
      ...(bias === undefined ? [] : [() => grads?.bias ?? tf.zerosLike(bias)]),
    ];
  },
});

function operands(inputs: readonly Tensor[], maps: number) {
  const [w, ...rest] = inputs;
  if (w === undefined) throw new Error('conv2d: no weight');
  const bias: Tensor | undefined = rest[maps];
  return { w, xs: rest.slice(0, maps), bias };
}

function requireFit(x: Tensor4D, w: Tensor4D, attributes: Geometry): void {
  const { groups } = attributes;
  if (x.shape[3] !== w.shape[2] * groups || w.shape[3] % groups !== 0) {
    throw new Error(
      `conv2d: input [${x.shape}] does not fit weight [${w.shape}] (KH, KW, CI/groups, CO) in ${groups} groups`,
    );
  }
  const [outHeight, outWidth] = convOutputSize(shapeOf(x, w, attributes));
  if (outHeight < 1 || outWidth < 1) {
    throw new Error(`conv2d: weight [${w.shape}] is larger than the padded input [${x.shape}]`);
  }
}

function sizeOf({ shape }: Tensor): [number, number, number, number] {
  const [batch = 0, height = 0, width = 0, channels = 0] = shape;
  return [batch, height, width, channels];
}

type Geometry = Omit<Attributes, 'relu' | 'trained' | 'maps'>;

function shapeOf(x: Tensor, w: Tensor, { stride, padding, dilation, groups }: Geometry): ConvShape {
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
