import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { conv2d } from '../conv/conv2d.ts';
import { reluGrad } from '../elementwise/relu-grad.ts';
import { batchNorm } from '../norm/batch-norm.ts';
import { channelSums } from '../norm/channel-sums.ts';
import { updateStep } from '../optim/grad-norm.ts';
import { updateParameters } from '../optim/update.ts';
import { maxPool } from '../pool/max-pool.ts';
import { upsampleAdd } from '../upsample-add/upsample-add.ts';

/** A small computation whose results were worked out by hand. */
export interface KnownAnswer {
  readonly name: string;
  /** What each result is, in the order in which {@link compute} gives them. */
  readonly results: readonly string[];
  /** Runs inside a tidy scope. */
  readonly compute: () => readonly Tensor[];
  readonly expected: readonly (readonly number[])[];
}

/**
 * 1 … 9 on a 3 × 3 map. Channel 0 adds up the neighbourhood (12 21 16 / 27 45 33 / 24 39 28) less 20; channel 1 is 5 less
 * the pixel above (padding above the first row), which tells rows from columns. Then ReLU.
 */
const convForward: KnownAnswer = {
  name: 'convolution with bias and ReLU',
  results: ['y'],
  compute() {
    const x = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
    const w = tf.tensor4d([1, 0, 1, -1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0], [3, 3, 1, 2]);
    return [conv2d(x, w, tf.tensor1d([-20, 5]), { stride: 1, padding: 1, relu: true })];
  },
  expected: [[0, 5, 1, 5, 0, 5, 7, 4, 25, 3, 13, 2, 4, 1, 19, 0, 8, 0]],
};

const FOUR = [0, 1, 2, 3];
/** Taps inside the 4 × 4 map for each of the 2 × 2 outputs of a 3 × 3 convolution with stride 2 and padding 1. */
const TAPS = [4, 6, 6, 9];
/** How many outputs see each row (or column), and how many outputs each row of the kernel finds inside the map. */
const SEEN = [1, 2, 1, 1];
const FOUND = [1, 2, 2];

/**
 * Four channels on a 4 × 4 map: x = ci+1 everywhere, w = 4·ci+co+1 on every tap, dy = co+1 everywhere. A tap gives
 * Σ(ci+1)(4ci+co+1) = 90+10·co; a window gives each of its pixels Σ(co+1)(4ci+co+1) = 30+40·ci.
 */
const convGradient: KnownAnswer = {
  name: 'convolution gradients',
  results: ['y', 'gradient of x', 'gradient of w', 'gradient of bias'],
  compute() {
    const channels = tf.tensor1d([1, 2, 3, 4]);
    const w = tf.range(1, 17).reshape([1, 1, 4, 4]).tile([3, 3, 1, 1]);
    const dy = channels.reshape([1, 1, 1, 4]).tile([1, 2, 2, 1]);
    const run = (x: Tensor, weight: Tensor, bias: Tensor): Tensor =>
      conv2d(x.as4D(1, 4, 4, 4), weight.as4D(3, 3, 4, 4), bias.as1D(), { stride: 2, padding: 1 });
    const inputs: [Tensor, Tensor, Tensor] = [
      channels.reshape([1, 1, 1, 4]).tile([1, 4, 4, 1]),
      w,
      tf.zeros([4]),
    ];
    const { value, grads } = tf.valueAndGrads(run)(inputs, dy);
    return [value, ...grads];
  },
  expected: [
    TAPS.flatMap((taps) => FOUR.map((co) => taps * (90 + 10 * co))),
    SEEN.flatMap((rows) =>
      SEEN.flatMap((columns) => FOUR.map((ci) => rows * columns * (30 + 40 * ci))),
    ),
    FOUND.flatMap((rows) =>
      FOUND.flatMap((columns) =>
        FOUR.flatMap((ci) => FOUR.map((co) => rows * columns * (ci + 1) * (co + 1))),
      ),
    ),
    [4, 8, 12, 16],
  ],
};

/** Nothing passes where the output is 0 or below. */
const reluGradient: KnownAnswer = {
  name: 'gradient of a ReLU',
  results: ['gradient'],
  compute: () => [reluGrad(tf.tensor1d([1, 2, 3]), tf.tensor1d([0, -1, 2]))],
  expected: [[0, 0, 3]],
};

/**
 * Four values m−s, m−s, m+s, m+s per channel: mean m, deviation s, so x̂ = −1 −1 1 1 and y = 2x̂+1 after ReLU 0 0 3 3.
 * dy = 1 2 3 4 loses its first two to the ReLU: Σdy = Σdy·x̂ = 7, dx = 2/s·(dy − 7/4 − x̂·7/4) = (0 0 −1 1)/s.
 * The running variance takes the unbiased 4/3·s².
 */
const batchNormGradient: KnownAnswer = {
  name: 'batch norm and its gradients',
  results: [
    'y',
    'gradient of x',
    'gradient of weight',
    'gradient of bias',
    'running mean',
    'running variance',
  ],
  compute() {
    const runningMean = tf.zeros<tf.Rank.R1>([4]);
    const runningVar = tf.ones<tf.Rank.R1>([4]);
    const run = (x: Tensor, weight: Tensor, bias: Tensor): Tensor =>
      batchNorm(
        x.as4D(1, 2, 2, 4),
        { weight: weight.as1D(), bias: bias.as1D(), runningMean, runningVar },
        { training: true, relu: true, eps: 0, momentum: 0.1 },
      );
    const x = [-1, 8, -7, 0.5, -1, 8, -7, 0.5, 1, 12, 1, 1.5, 1, 12, 1, 1.5];
    const inputs: [Tensor, Tensor, Tensor] = [
      tf.tensor4d(x, [1, 2, 2, 4]),
      tf.fill([4], 2),
      tf.ones([4]),
    ];
    const dy = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]).tile([1, 1, 1, 4]);
    const { value, grads } = tf.valueAndGrads(run)(inputs, dy);
    return [value, ...grads, runningMean, runningVar];
  },
  expected: [
    [0, 0, 0, 0, 0, 0, 0, 0, 3, 3, 3, 3, 3, 3, 3, 3],
    [0, 0, 0, 0, 0, 0, 0, 0, -1, -0.5, -0.25, -2, 1, 0.5, 0.25, 2],
    [7, 7, 7, 7],
    [7, 7, 7, 7],
    [0, 1, -0.3, 0.1],
    [0.9 + 4 / 30, 0.9 + 16 / 30, 0.9 + 64 / 30, 0.9 + 1 / 30],
  ],
};

/** Windows 2 × 2 on 1 5 5 / 2 5 0 / −1 −2 7: the first of equal maxima takes the gradient. */
const pooling: KnownAnswer = {
  name: 'max pooling and its gradient',
  results: ['y', 'gradient of x'],
  compute() {
    const run = (x: Tensor): Tensor =>
      maxPool(x.as4D(1, 3, 3, 1), { kernelSize: 2, stride: 1, padding: 0 });
    const x = tf.tensor4d([1, 5, 5, 2, 5, 0, -1, -2, 7], [1, 3, 3, 1]);
    const { value, grad } = tf.valueAndGrad(run)(x, tf.tensor4d([1, 10, 100, 1000], [1, 2, 2, 1]));
    return [value, grad];
  },
  expected: [
    [5, 5, 5, 7],
    [0, 11, 0, 0, 100, 0, 0, 0, 1000],
  ],
};

/** 1 … 1000 in one channel and their negatives in the other, in many chunks: Gauss. */
const sums: KnownAnswer = {
  name: 'sums over many rows',
  results: ['sums'],
  compute() {
    const column = tf.range(1, 1001).as2D(1000, 1);
    return [channelSums(tf.concat([column, column.neg()], 1))];
  },
  expected: [[500_500, -500_500]],
};

/** 3 pixels stretched to 5: sources 0 0 1 1 2. */
const upsampling: KnownAnswer = {
  name: 'upsampling and its gradient',
  results: ['y', 'gradient of the small map'],
  compute() {
    const lateral = tf.tensor4d([0, 0, 0, 0, 100], [1, 1, 5, 1]);
    const run = (small: Tensor): Tensor => upsampleAdd(lateral, small.as4D(1, 1, 3, 1));
    const { value, grad } = tf.valueAndGrad(run)(
      tf.tensor4d([1, 2, 3], [1, 1, 3, 1]),
      tf.ones([1, 1, 5, 1]),
    );
    return [value, grad];
  },
  expected: [
    [1, 1, 2, 2, 103],
    [2, 2, 1],
  ],
};

/** Gradients 3 and 4 have norm 5, clipped to 2.5 by half: w = 1 − 0.1·0.5·g. With a NaN beside them nothing moves. */
const optimiserStep: KnownAnswer = {
  name: 'optimiser step, and none on a gradient that is not a number',
  results: ['norm and factor', 'w', 'factor of the bad step', 'w after the bad step'],
  compute() {
    const hyper = tf.tensor1d([0.1, 1, 1]);
    const update = (gradient: Tensor): readonly Tensor[] => {
      const w = tf.tensor1d([1, 1]);
      const step = updateStep([gradient], 2.5, hyper);
      updateParameters(
        { type: 'SGD', momentum: 0.9, nesterov: false },
        [{ w, gradient, at: 0, lrScale: 1, decay: 0 }],
        { step, state: tf.zeros([2]), clipValue: 0 },
      );
      return [step, w];
    };
    const [step, w] = update(tf.tensor1d([3, 4]));
    const [badStep, badW] = update(tf.tensor1d([3, Number.NaN]));
    if (!step || !w || !badStep || !badW) throw new Error('optimiser step: two results each');
    return [step.slice([0], [2]), w, badStep.slice([1], [1]), badW];
  },
  expected: [[5, 0.5], [0.85, 0.8], [-1], [1, 1]],
};

/** Every known answer, in the order in which they run. */
export const KNOWN_ANSWERS: readonly KnownAnswer[] = [
  convForward,
  convGradient,
  reluGradient,
  batchNormGradient,
  pooling,
  sums,
  upsampling,
  optimiserStep,
];
