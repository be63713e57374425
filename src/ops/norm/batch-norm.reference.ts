import { channelSumsReference, normalisedSumsReference } from './channel-sums.reference.ts';

/** A batch norm on rows × channels, channels innermost. `dy` is the gradient of the result. */
export interface BatchNormInput {
  readonly x: ArrayLike<number>;
  readonly weight: ArrayLike<number>;
  readonly bias: ArrayLike<number>;
  readonly runningMean: ArrayLike<number>;
  readonly runningVar: ArrayLike<number>;
  readonly residual?: ArrayLike<number>;
  readonly dy: ArrayLike<number>;
  readonly training: boolean;
  readonly relu: boolean;
  readonly eps: number;
  readonly momentum: number;
}

export type BatchNormReference = Readonly<
  Record<
    'y' | 'runningMean' | 'runningVar' | 'dx' | 'dWeight' | 'dBias' | 'dResidual',
    Float64Array
  >
>;

/**
 * Batch normalisation and its gradients by Ioffe & Szegedy (2015, Algorithm 1 and §3, https://arxiv.org/abs/1502.03167),
 * with PyTorch's running statistics: (1 − m)·running + m·batch, the batch's variance unbiased
 * (https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html), except that a channel whose batch is not finite
 * keeps its own. Everything in float64.
 */
export function batchNormReference(input: BatchNormInput): BatchNormReference {
  const { x, weight, bias, residual, training, relu, eps, momentum } = input;
  const channels = weight.length;
  const rows = x.length / channels;
  const channel = (a: ArrayLike<number>, i: number): number => a[i % channels] ?? 0;
  const batchMean = channelSumsReference(x, channels).map((sum) => sum / rows);
  const deviations = Float64Array.from(x, (value, i) => (value - channel(batchMean, i)) ** 2);
  const squares = channelSumsReference(deviations, channels);
  const mean = training ? batchMean : Float64Array.from(input.runningMean);
  const variance = training
    ? squares.map((sum) => sum / rows)
    : Float64Array.from(input.runningVar);
  const invStd = variance.map((value) => 1 / Math.sqrt(value + eps));
  const normal = Float64Array.from(x, (v, i) => (v - channel(mean, i)) * channel(invStd, i));
  const sum = normal.map(
    (v, i) => v * channel(weight, i) + channel(bias, i) + (residual?.[i] ?? 0),
  );
  const masked = sum.map((v, i) => (!relu || v > 0 ? (input.dy[i] ?? 0) : 0));
  const sums = normalisedSumsReference(masked, x, mean, invStd);
  const moves = squares.map((v, c) =>
    Number(training && Number.isFinite(v + channel(batchMean, c))),
  );
  const moved = (running: ArrayLike<number>, batch: Float64Array): Float64Array =>
    Float64Array.from(running, (v, c) =>
      moves[c] === 1 ? v + momentum * ((batch[c] ?? 0) - v) : v,
    );
  return {
    y: relu ? sum.map((v) => Math.max(v, 0)) : sum,
    runningMean: moved(input.runningMean, batchMean),
    runningVar: moved(
      input.runningVar,
      squares.map((v) => v / (rows - 1)),
    ),
    dx: masked.map((v, i) => {
      const batchPart =
        channel(sums, i) + (normal[i] ?? 0) * (sums[channels + (i % channels)] ?? 0);
      return channel(weight, i) * channel(invStd, i) * (training ? v - batchPart / rows : v);
    }),
    dWeight: sums.subarray(channels),
    dBias: sums.subarray(0, channels),
    dResidual: masked,
  };
}
