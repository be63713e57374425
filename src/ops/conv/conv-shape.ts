/** The numbers of one 2-D convolution: NHWC input, HWIO weight, square kernel, symmetric padding, dilation 1. */
export interface ConvShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
}

/** Output height and width: floor((n + 2·padding − kernelSize) / stride) + 1, as PyTorch's Conv2d. */
export function convOutputSize(shape: ConvShape): readonly [number, number] {
  const side = (input: number): number =>
    Math.floor((input + 2 * shape.padding - shape.kernelSize) / shape.stride) + 1;
  return [side(shape.height), side(shape.width)];
}
