import type { Tensor } from '../../tensor/tf.ts';
import type { ConvShape } from './conv-shape.ts';

/** A map that went through a convolution, and the gradient that reached its result. */
export interface ConvMap {
  readonly shape: ConvShape;
  /** float32 [N, H, W, CI] */
  readonly x: Tensor;
  /** float32 [N, OH, OW, CO] */
  readonly dy: Tensor;
}

/** The parts of a convolution, in one group or several. */
export interface ConvKernels {
  /** float32 [N, OH, OW, CO] */
  forward(shape: ConvShape, x: Tensor, w: Tensor, bias: Tensor | undefined, relu: boolean): Tensor;
  /** The weight as {@link inputGrad} reads it; the same for all maps. */
  inputGradWeight(w: Tensor): Tensor;
  /** Gradient with respect to a map, float32 [N, H, W, CI]. */
  inputGrad(shape: ConvShape, dy: Tensor, weight: Tensor): Tensor;
  /** Gradients with respect to the weight, float32 [KH, KW, CI/groups, CO], and the bias, [CO]: sums over all maps in order. */
  weightGrad(
    maps: readonly ConvMap[],
    withBias: boolean,
  ): { readonly weight: Tensor; readonly bias?: Tensor };
}

/** The shape that the maps of one convolution have in common: kernel, channels and groups. */
export function commonShape(maps: readonly ConvMap[]): ConvShape {
  const [first] = maps;
  if (first === undefined) throw new Error('conv2d: no maps');
  return first.shape;
}
