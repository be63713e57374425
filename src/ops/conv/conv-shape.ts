/** The numbers of one 2-D convolution: NHWC input, HWIO weight [KH, KW, CI/groups, CO], one stride for both directions. */
export interface ConvShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly stride: number;
  /** Zeros added above and below, and left and right. */
  readonly paddingY: number;
  readonly paddingX: number;
  /** Distance between neighbouring taps; 1 = an ordinary convolution. */
  readonly dilation: number;
  /** Output channels of group g read the input channels of group g alone; divides both numbers of channels. */
  readonly groups: number;
}

/** Output height and width: floor((n + 2·padding − dilation·(K − 1) − 1) / stride) + 1, as PyTorch's Conv2d. */
export function convOutputSize(shape: ConvShape): readonly [number, number] {
  const { height, width, kernelHeight, kernelWidth, stride, paddingY, paddingX, dilation } = shape;
  const side = (input: number, kernel: number, padding: number): number =>
    Math.floor((input + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
  return [side(height, kernelHeight, paddingY), side(width, kernelWidth, paddingX)];
}
