import { batchNormReference } from '../../ops/norm/batch-norm.reference.ts';
import type { BatchNormReference } from '../../ops/norm/batch-norm.reference.ts';
import { batchNorm } from '../../ops/norm/batch-norm.ts';
import { nchwToNhwc } from '../../ops/oracle/nchw.ts';
import type { PackedArray, PackedCase } from '../../ops/oracle/parse-casepack.ts';
import { tf } from '../../tensor/tf.ts';
import { floats, readOnGpu } from '../on-gpu.ts';
import { runTwin } from '../oracle-case.ts';
import { opAdapter } from '../op-adapter.ts';
import type { OpAdapter, Outputs } from '../op-adapter.ts';
import { mapTensor, mapValues } from './differentiated.ts';

interface Input {
  /** [N, C, H, W], and the gradient of the result. */
  readonly x: PackedArray;
  readonly gradOut: PackedArray;
  readonly weight: readonly number[];
  readonly bias: readonly number[];
  readonly runningMean: readonly number[];
  readonly runningVar: readonly number[];
  readonly training: boolean;
  readonly eps: number;
  readonly momentum: number;
}

async function webgpu(input: Input): Promise<Outputs> {
  const { x, gradOut, training, eps, momentum } = input;
  const channels = input.weight.length;
  const [y, gradX, gradWeight, gradBias, mean, variance] = await readOnGpu(() => {
    const vector = (values: readonly number[]) => floats(values, [channels]).as1D();
    const runningMean = vector(input.runningMean);
    const runningVar = vector(input.runningVar);
    const { value, grads } = tf.valueAndGrads(
      (map: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor) =>
        batchNorm(
          map.as4D(...mapShape(x)),
          { weight: weight.as1D(), bias: bias.as1D(), runningMean, runningVar },
          { training, relu: false, eps, momentum },
        ),
    )([mapTensor(x), vector(input.weight), vector(input.bias)], mapTensor(gradOut));
    return [value, ...grads, runningMean, runningVar];
  });
  if (!y || !gradX || !gradWeight || !gradBias || !mean || !variance) {
    throw new Error('batch norm: six results');
  }
  return {
    y: mapValues(y),
    grad_x: mapValues(gradX),
    grad_weight: gradWeight.data,
    grad_bias: gradBias.data,
    running_mean_after: mean.data,
    running_var_after: variance.data,
  };
}

function mapShape({ shape }: PackedArray): [number, number, number, number] {
  const [n = 0, c = 0, h = 0, w = 0] = shape;
  return [n, h, w, c];
}

function reference(input: Input): Outputs {
  const { x, gradOut } = input;
  const shape = mapShape(x);
  const result: BatchNormReference = batchNormReference({
    ...input,
    x: nchwToNhwc(x).data,
    dy: nchwToNhwc(gradOut).data,
    relu: false,
  });
  return {
    y: mapValues({ shape, data: result.y }),
    grad_x: mapValues({ shape, data: result.dx }),
    grad_weight: result.dWeight,
    grad_bias: result.dBias,
    running_mean_after: result.runningMean,
    running_var_after: result.runningVar,
  };
}

function inputOf(c: PackedCase, training: boolean): Input {
  const before = training ? '_before' : '';
  return {
    x: c.array('x'),
    gradOut: c.array('grad_out'),
    weight: c.values('weight'),
    bias: c.values('bias'),
    runningMean: c.values(`running_mean${before}`),
    runningVar: c.values(`running_var${before}`),
    training,
    eps: c.number('eps'),
    momentum: c.has('momentum') ? c.number('momentum') : 0.1,
  };
}

export const BATCH_NORM_ADAPTERS: readonly OpAdapter[] = [
  opAdapter({
    op: 'frozen_batch_norm',
    input: (c) => inputOf(c, false),
    run: (input, backend) => runTwin({ webgpu, reference }, backend, input),
    results: { y: 'sum', grad_x: 'sum' },
  }),
  opAdapter({
    op: 'batch_norm_train',
    input: (c) => inputOf(c, true),
    run: (input, backend) => runTwin({ webgpu, reference }, backend, input),
    results: {
      y: 'sum',
      grad_x: 'sum',
      grad_weight: 'sum',
      grad_bias: 'sum',
      running_mean_after: 'sum',
      running_var_after: 'sum',
    },
  }),
];
