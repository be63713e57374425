import { expect, test } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { conv2d } from '../conv/conv2d.ts';
import { describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import { expectCloseToScale } from '../host/expect-close-to-scale.ts';
import { linear } from '../linear/linear.ts';
import { batchNorm } from '../norm/batch-norm.ts';
import { groupNorm } from '../norm/group-norm.ts';
import { maxPool } from '../pool/max-pool.ts';
import { resizeBilinear } from '../resize-bilinear/resize-bilinear.ts';
import { upsampleAdd } from '../upsample-add/upsample-add.ts';
import { readCasepack } from './casepack.ts';
import type { PackedCase } from './casepack.ts';
import { nchwToNhwc, oihwToHwio, transposed } from './nchw.ts';

/** Cases that are run elsewhere, beside what they are about. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'normalize mmdet_rgb': 'src/ops/image/normalise-image.gpu.test.ts',
  'flatten_linear roi_feature_flatten_order': 'src/models/linear-module.gpu.test.ts',
};

/**
 * An op on a case's inputs; the tensors are in the order of `gradients`, the names of the case's gradients. A case without
 * `grad_out` is run forward only.
 */
interface Run {
  readonly inputs: () => Tensor[];
  readonly op: (...inputs: Tensor[]) => Tensor;
  readonly gradients: readonly string[];
  /** Tensors that the op changes, with the key of what they must hold afterwards. */
  readonly changed?: readonly { readonly key: string; readonly tensor: Tensor }[];
}

const map = (c: PackedCase, key: string): tf.Tensor4D => {
  const { shape, data } = nchwToNhwc(c.array(key));
  return tf.tensor4d(data, shape);
};
const vector = (c: PackedCase, key: string): tf.Tensor1D =>
  tf.tensor1d(Float32Array.from(c.array(key).data));

function numberOrPair(c: PackedCase, key: string): number | readonly [number, number] {
  if (!c.isList(key)) return c.number(key);
  const [first, second] = c.numbers(key);
  if (first === undefined || second === undefined) throw new Error(`${c.name}: ${key}`);
  return [first, second];
}

const RUNS: Readonly<Record<string, (c: PackedCase) => Run>> = {
  conv2d(c) {
    const options = {
      stride: c.number('stride'),
      padding: numberOrPair(c, 'padding'),
      dilation: c.number('dilation'),
      groups: c.number('groups'),
    };
    const bias = c.has('b');
    return {
      inputs: () => {
        const weight = oihwToHwio(c.array('w'));
        return [
          map(c, 'x'),
          tf.tensor4d(weight.data, weight.shape),
          ...(bias ? [vector(c, 'b')] : []),
        ];
      },
      op: (x, w, b?: Tensor) =>
        conv2d(
          x as tf.Tensor4D,
          w as tf.Tensor4D,
          b === undefined ? null : (b as tf.Tensor1D),
          options,
        ),
      gradients: ['grad_x', 'grad_w', ...(bias ? ['grad_b'] : [])],
    };
  },
  linear: (c) => ({
    inputs: () => {
      const x = c.array('x');
      const weight = transposed(c.array('w'));
      return [
        tf.tensor2d(Float32Array.from(x.data), [x.shape[0] ?? 0, x.shape[1] ?? 0]),
        tf.tensor2d(weight.data, weight.shape),
        vector(c, 'b'),
      ];
    },
    op: (x, w, b) => linear(x as tf.Tensor2D, w as tf.Tensor2D, b as tf.Tensor1D),
    gradients: ['grad_x', 'grad_w', 'grad_b'],
  }),
  group_norm: (c) => ({
    inputs: () => [map(c, 'x'), vector(c, 'weight'), vector(c, 'bias')],
    op: (x, weight, bias) =>
      groupNorm(x as tf.Tensor4D, weight as tf.Tensor1D, bias as tf.Tensor1D, {
        groups: c.number('groups'),
        eps: c.number('eps'),
        relu: false,
      }),
    gradients: ['grad_x', 'grad_weight', 'grad_bias'],
  }),
  resize_bilinear: (c) => ({
    inputs: () => [map(c, 'x')],
    op: (x) => resizeBilinear(x as tf.Tensor4D, [c.number('out_h'), c.number('out_w')]),
    gradients: [],
  }),
  maxpool: (c) => ({
    inputs: () => [map(c, 'x')],
    op: (x) =>
      maxPool(x as tf.Tensor4D, {
        kernelSize: c.number('k'),
        stride: c.number('stride'),
        padding: c.number('padding'),
      }),
    gradients: ['grad_x'],
  }),
  upsample_nearest: (c) => ({
    inputs: () => [map(c, 'x')],
    op: (x) => {
      const [n = 0, , , channels = 0] = x.shape;
      return upsampleAdd(
        tf.zeros([n, c.number('out_h'), c.number('out_w'), channels]),
        x as tf.Tensor4D,
      );
    },
    gradients: ['grad_x'],
  }),
  frozen_batch_norm: (c) => ({
    inputs: () => [map(c, 'x')],
    op: (x) =>
      batchNorm(
        x as tf.Tensor4D,
        {
          weight: vector(c, 'weight'),
          bias: vector(c, 'bias'),
          runningMean: vector(c, 'running_mean'),
          runningVar: vector(c, 'running_var'),
        },
        { training: false, relu: false, eps: c.number('eps'), momentum: 0.1 },
      ),
    gradients: ['grad_x'],
  }),
  batch_norm_train(c) {
    const runningMean = vector(c, 'running_mean_before');
    const runningVar = vector(c, 'running_var_before');
    return {
      inputs: () => [map(c, 'x'), vector(c, 'weight'), vector(c, 'bias')],
      op: (x, weight, bias) =>
        batchNorm(
          x as tf.Tensor4D,
          { weight: weight as tf.Tensor1D, bias: bias as tf.Tensor1D, runningMean, runningVar },
          { training: true, relu: false, eps: c.number('eps'), momentum: c.number('momentum') },
        ),
      gradients: ['grad_x', 'grad_weight', 'grad_bias'],
      changed: [
        { key: 'running_mean_after', tensor: runningMean },
        { key: 'running_var_after', tensor: runningVar },
      ],
    };
  },
};

/** What a case says under a key, in our layout. */
function wanted(c: PackedCase, key: string): ArrayLike<number> {
  const array = c.array(key);
  if (array.shape.length === 2 && key === 'grad_w') return transposed(array).data;
  if (array.shape.length !== 4) return array.data;
  return key === 'grad_w' ? oihwToHwio(array).data : nchwToNhwc(array).data;
}

/** A shape of the pack in our layout. */
function outShape([n = 0, c = 0, ...sides]: readonly number[]): number[] {
  return sides.length === 2 ? [n, ...sides, c] : [n, c];
}

const pack = await readCasepack('ops/nn');
const cases = pack ?? [];
const fullName = (c: PackedCase): string => `${c.op} ${c.name}`;

test.skipIf(pack === undefined)(
  'oracle ops/nn is there, and every case is run (skipped where it is absent)',
  () => {
    expect(cases.length).toBeGreaterThan(0);
    const left = cases
      .filter((c) => !(c.op in RUNS) && !(fullName(c) in ELSEWHERE))
      .map((c) => fullName(c));
    expect(left).toEqual([]);
  },
);

describeOnGpu('ops/nn against torch', () => {
  for (const c of cases) {
    const prepare = RUNS[c.op];
    if (prepare !== undefined) gpuTest(fullName(c), () => check(c, prepare));
  }
});

async function check(c: PackedCase, prepare: (c: PackedCase) => Run): Promise<void> {
  await tf.ready();
  const { inputs, op, gradients, changed = [] } = prepare(c);
  const tensors = tf.tidy(() => {
    if (!c.has('grad_out')) return [op(...inputs())];
    const { shape } = c.array('grad_out');
    const dy = tf.tensor(Float32Array.from(wanted(c, 'grad_out')), outShape(shape));
    const { value, grads } = tf.valueAndGrads(op)(inputs(), dy);
    return [value, ...grads];
  });
  const keys = ['y', ...gradients];
  expect(tensors.length).toBe(keys.length);
  for (const [i, key] of keys.entries()) {
    const tensor = tensors[i];
    if (tensor === undefined) throw new Error(`${key} is missing`);
    expectCloseToScale(await readTensor(tensor), wanted(c, key), 5e-6, key);
  }
  for (const { key, tensor } of changed) {
    expectCloseToScale(await readTensor(tensor), wanted(c, key), 2e-6, key);
    tensor.dispose();
  }
  tf.dispose(tensors);
}
