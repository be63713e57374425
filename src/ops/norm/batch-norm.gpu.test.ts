import { expect } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { describeOnBackends, describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import { expectCloseToScale } from '../host/expect-close-to-scale.ts';
import { variedValues } from '../host/varied-values.ts';
import { batchNorm } from './batch-norm.ts';
import { batchNormReference } from './batch-norm.reference.ts';
import type { BatchNormInput, BatchNormReference } from './batch-norm.reference.ts';

interface Case {
  readonly name: string;
  readonly shape: readonly [number, number, number, number];
  readonly training: boolean;
  readonly relu?: boolean;
  readonly residual?: boolean;
  readonly eps?: number;
  readonly momentum?: number;
  /** Added to x: a mean far from 0 makes a sum of squares cancel. */
  readonly offset?: number;
  /** Largest difference over largest value; 2e-6 unless said. With two rows dx cancels down to what eps leaves. */
  readonly tolerance?: number;
}

const plain = { shape: [2, 5, 7, 8], training: true } as const;

const CASES: readonly Case[] = [
  { name: 'training', ...plain },
  { name: 'training, relu', ...plain, relu: true },
  { name: 'training, residual', ...plain, residual: true },
  { name: 'training, residual and relu', ...plain, residual: true, relu: true },
  {
    name: 'training, channels not a multiple of 4',
    ...plain,
    shape: [3, 4, 5, 7],
    residual: true,
    relu: true,
  },
  { name: 'training, one channel', ...plain, shape: [1, 3, 3, 1] },
  { name: 'training, two rows', ...plain, shape: [2, 1, 1, 6], eps: 0.5, tolerance: 2e-5 },
  { name: 'training, many chunks', ...plain, shape: [2, 67, 71, 4], relu: true, tolerance: 5e-6 },
  {
    name: 'training, mean far from zero',
    ...plain,
    shape: [2, 30, 30, 4],
    offset: 300,
    tolerance: 5e-4,
  },
  { name: 'training, momentum 1 and large eps', ...plain, momentum: 1, eps: 0.5 },
  { name: 'training, momentum 0', ...plain, momentum: 0 },
  { name: 'evaluation', ...plain, training: false },
  { name: 'evaluation, relu', ...plain, training: false, relu: true },
  { name: 'evaluation, residual and relu', ...plain, training: false, residual: true, relu: true },
  { name: 'evaluation, residual', ...plain, training: false, residual: true },
  {
    name: 'evaluation, many chunks, the last one short',
    ...plain,
    shape: [2, 67, 71, 4],
    training: false,
    relu: true,
    tolerance: 5e-6,
  },
  {
    name: 'evaluation, more channels than a workgroup, residual and relu',
    ...plain,
    shape: [1, 5, 7, 132],
    training: false,
    residual: true,
    relu: true,
  },
  {
    name: 'evaluation, more odd channels than a workgroup',
    ...plain,
    shape: [1, 5, 7, 67],
    training: false,
    relu: true,
  },
  { name: 'evaluation, one row', ...plain, shape: [1, 1, 1, 6], training: false, residual: true },
  {
    name: 'evaluation, channels not a multiple of 4',
    ...plain,
    shape: [1, 6, 5, 5],
    training: false,
    relu: true,
  },
];

type Arrays = Omit<BatchNormInput, 'dy' | 'training' | 'relu' | 'eps' | 'momentum'> & {
  readonly [
    key in 'x' | 'weight' | 'bias' | 'runningMean' | 'runningVar' | 'residual' | 'dy'
  ]: Float32Array<ArrayBuffer>;
};

function operands(c: Case): Arrays {
  const channels = c.shape[3];
  const count = c.shape.reduce((product, side) => product * side, 1);
  return {
    x: variedValues(count, 1).map((value) => value + (c.offset ?? 0)),
    weight: variedValues(channels, 2).map((value) => value + 1.2),
    bias: variedValues(channels, 3),
    runningMean: variedValues(channels, 4),
    runningVar: variedValues(channels, 5).map((value) => value + 1.1),
    residual: variedValues(count, 6),
    dy: variedValues(count, 7),
  };
}

describeOnBackends<Case, Partial<Record<keyof BatchNormReference, ArrayLike<number>>>>(
  'batchNorm',
  {
    cases: CASES,
    reference(c) {
      const { residual, ...arrays } = operands(c);
      const { relu = false, training, eps = 1e-5, momentum = 0.1 } = c;
      const all = batchNormReference({
        ...arrays,
        ...(c.residual === true ? { residual } : {}),
        training,
        relu,
        eps,
        momentum,
      });
      const known = Object.entries(all);
      return Object.fromEntries(
        known.filter(([key]) => c.residual === true || key !== 'dResidual'),
      );
    },
    async webgpu(c) {
      const a = operands(c);
      const { relu = false, training, eps = 1e-5, momentum = 0.1 } = c;
      const shape: [number, number, number, number] = [...c.shape];
      const runningMean = tf.tensor1d(a.runningMean);
      const runningVar = tf.tensor1d(a.runningVar);
      const [y, dx, dWeight, dBias, dResidual] = tf.tidy(() => {
        const inputs: Tensor[] = [
          tf.tensor4d(a.x, shape),
          tf.tensor1d(a.weight),
          tf.tensor1d(a.bias),
        ];
        if (c.residual === true) inputs.push(tf.tensor4d(a.residual, shape));
        const run = (x: Tensor, weight: Tensor, bias: Tensor, residual?: Tensor): Tensor =>
          batchNorm(
            x.as4D(...shape),
            { weight: weight.as1D(), bias: bias.as1D(), runningMean, runningVar },
            {
              training,
              relu,
              eps,
              momentum,
              ...(residual === undefined ? {} : { residual: residual.as4D(...shape) }),
            },
          );
        const { value, grads } = tf.valueAndGrads(run as (...x: Tensor[]) => Tensor)(
          inputs,
          tf.tensor4d(a.dy, shape),
        );
        return [value, ...grads];
      });
      const tensors = { y, dx, dWeight, dBias, dResidual, runningMean, runningVar };
      const result: Partial<Record<keyof BatchNormReference, ArrayLike<number>>> = {};
      for (const key of [
        'y',
        'dx',
        'dWeight',
        'dBias',
        'dResidual',
        'runningMean',
        'runningVar',
      ] as const) {
        const tensor = tensors[key];
        if (tensor === undefined) continue;
        result[key] = await readTensor(tensor);
        tensor.dispose();
      }
      return result;
    },
    compare(actual, wanted, c) {
      expect(Object.keys(actual).toSorted()).toEqual(Object.keys(wanted).toSorted());
      for (const [key, values] of Object.entries(wanted)) {
        const got = actual[key as keyof BatchNormReference] ?? [];
        expectCloseToScale(got, values, c.tolerance ?? 2e-6, key);
      }
    },
  },
);

describeOnGpu('batchNorm', () => {
  gpuTest('a channel whose batch is not finite keeps its running statistics', async () => {
    const state = {
      weight: tf.tensor1d([1, 1, 1]),
      bias: tf.tensor1d([0, 0, 0]),
      runningMean: tf.tensor1d([0.1, 0.2, 0.3]),
      runningVar: tf.tensor1d([1.1, 1.2, 1.3]),
    };
    const x = tf.tensor4d([1, Number.NaN, 3e38, 3, 2, -3e38], [1, 1, 2, 3]);
    const y = batchNorm(x, state, { training: true, relu: false, eps: 1e-5, momentum: 0.1 });
    const mean = await readTensor(state.runningMean);
    const variance = await readTensor(state.runningVar);
    expect(mean[0]).toBeCloseTo(0.9 * 0.1 + 0.1 * 2, 6);
    expect(variance[0]).toBeCloseTo(0.9 * 1.1 + 0.1 * 2, 6);
    expect([...mean.subarray(1)]).toEqual([...Float32Array.of(0.2, 0.3)]);
    expect([...variance.subarray(1)]).toEqual([...Float32Array.of(1.2, 1.3)]);
    tf.dispose([x, y, ...Object.values(state)]);
  });

  gpuTest('evaluation leaves the running statistics bitwise as they were', async () => {
    const x = tf.tensor4d(variedValues(24, 1), [1, 2, 3, 4]);
    const state = {
      weight: tf.ones<tf.Rank.R1>([4]),
      bias: tf.zeros<tf.Rank.R1>([4]),
      runningMean: tf.tensor1d([0.1, 0.2, 0.3, 0.4]),
      runningVar: tf.tensor1d([1.1, 1.2, 1.3, 1.4]),
    };
    const y = batchNorm(x, state, { training: false, relu: false, eps: 1e-5, momentum: 0.1 });
    await readTensor(y);
    expect(await readTensor(state.runningMean)).toEqual(Float32Array.of(0.1, 0.2, 0.3, 0.4));
    expect(await readTensor(state.runningVar)).toEqual(Float32Array.of(1.1, 1.2, 1.3, 1.4));
    tf.dispose([x, y, ...Object.values(state)]);
  });

  gpuTest('two runs agree bit for bit', async () => {
    const x = tf.tensor4d(variedValues(2 * 40 * 40 * 6, 1), [2, 40, 40, 6]);
    const dy = tf.tensor4d(variedValues(x.size, 2), x.shape);
    const ones = tf.ones<tf.Rank.R1>([6]);
    const run = async (): Promise<Uint32Array[]> => {
      const moved = [tf.zeros<tf.Rank.R1>([6]), tf.ones<tf.Rank.R1>([6])] as const;
      const f = (input: Tensor, weight: Tensor): Tensor =>
        batchNorm(
          input.as4D(...x.shape),
          { weight: weight.as1D(), bias: ones, runningMean: moved[0], runningVar: moved[1] },
          { training: true, relu: true, eps: 1e-5, momentum: 0.1 },
        );
      const tensors = tf.tidy(() => {
        const { value, grads } = tf.valueAndGrads(f as (...inputs: Tensor[]) => Tensor)(
          [x, ones],
          dy,
        );
        return [value, ...grads];
      });
      const bits: Uint32Array[] = [];
      for (const tensor of [...tensors, ...moved])
        bits.push(new Uint32Array((await readTensor(tensor)).buffer));
      tf.dispose([...tensors, ...moved]);
      return bits;
    };
    expect(await run()).toEqual(await run());
    tf.dispose([x, dy, ones]);
  });

  gpuTest('training on one value per channel is refused, as by PyTorch', async () => {
    await tf.ready();
    const x = tf.ones<tf.Rank.R4>([1, 1, 1, 4]);
    const ones = tf.ones<tf.Rank.R1>([4]);
    const state = { weight: ones, bias: ones, runningMean: ones, runningVar: ones };
    expect(() =>
      batchNorm(x, state, { training: true, relu: false, eps: 1e-5, momentum: 0.1 }),
    ).toThrow(/one value per channel/);
    tf.dispose([x, ones]);
  });
});
