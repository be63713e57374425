/** A group norm on [images, pixels, channels]. `dy` is the gradient of the result. */
export interface GroupNormInput {
  readonly images: number;
  readonly groups: number;
  readonly x: ArrayLike<number>;
  readonly weight: ArrayLike<number>;
  readonly bias: ArrayLike<number>;
  readonly residual?: ArrayLike<number>;
  readonly dy: ArrayLike<number>;
  readonly relu: boolean;
  readonly eps: number;
}

export type GroupNormReference = Readonly<
  Record<'y' | 'dx' | 'dWeight' | 'dBias' | 'dResidual', Float64Array>
>;

/**
 * Group normalisation and its gradients by Wu & He (2018, §3, https://arxiv.org/abs/1803.08494): each image's groups of
 * channels by their own mean and biased variance, then weight and bias per channel. Everything in float64.
 */
export function groupNormReference(input: GroupNormInput): GroupNormReference {
  const { images, groups, x, weight, bias, residual, relu, eps } = input;
  const channels = weight.length;
  const perImage = x.length / images;
  const members = perImage / groups;
  const groupOf = (i: number): number =>
    Math.floor(i / perImage) * groups + Math.floor((i % channels) / (channels / groups));
  const mean = groupSums(x, images * groups, groupOf).map((sum) => sum / members);
  const deviation = Float64Array.from(x, (v, i) => v - (mean[groupOf(i)] ?? 0));
  const squares = groupSums(
    deviation.map((v) => v * v),
    images * groups,
    groupOf,
  );
  const invStd = squares.map((sum) => 1 / Math.sqrt(sum / members + eps));
  const normal = deviation.map((v, i) => v * (invStd[groupOf(i)] ?? 0));
  const channel = (a: ArrayLike<number>, i: number): number => a[i % channels] ?? 0;
  const sum = normal.map(
    (v, i) => v * channel(weight, i) + channel(bias, i) + (residual?.[i] ?? 0),
  );
  const masked = sum.map((v, i) => (!relu || v > 0 ? (input.dy[i] ?? 0) : 0));
  const scaled = masked.map((v, i) => v * channel(weight, i));
  const scaledSums = groupSums(scaled, images * groups, groupOf);
  const scaledNormalSums = groupSums(
    scaled.map((v, i) => v * (normal[i] ?? 0)),
    images * groups,
    groupOf,
  );
  const dWeight = new Float64Array(channels);
  const dBias = new Float64Array(channels);
  masked.forEach((v, i) => {
    dWeight[i % channels] = channel(dWeight, i) + v * (normal[i] ?? 0);
    dBias[i % channels] = channel(dBias, i) + v;
  });
  return {
    y: relu ? sum.map((v) => Math.max(v, 0)) : sum,
    dx: scaled.map((v, i) => {
      const g = groupOf(i);
      const common = (scaledSums[g] ?? 0) + (normal[i] ?? 0) * (scaledNormalSums[g] ?? 0);
      return (invStd[g] ?? 0) * (v - common / members);
    }),
    dWeight,
    dBias,
    dResidual: masked,
  };
}

function groupSums(
  values: ArrayLike<number>,
  count: number,
  groupOf: (i: number) => number,
): Float64Array {
  const sums = new Float64Array(count);
  for (let i = 0; i < values.length; i++) {
    const g = groupOf(i);
    sums[g] = (sums[g] ?? 0) + (values[i] ?? 0);
  }
  return sums;
}
