import { expect, test } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { conv2d } from '../conv/conv2d.ts';
import { describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import { expectCloseToScale } from '../host/expect-close-to-scale.ts';
import { batchNorm } from '../norm/batch-norm.ts';
import { maxPool } from '../pool/max-pool.ts';
import { upsampleAdd } from '../upsample-add/upsample-add.ts';
import { readCasepack } from './casepack.ts';
import type { PackedCase } from './casepack.ts';
import { nchwToNhwc, oihwToHwio } from './nchw.ts';

/** Cases of the pack that no op here covers, and why; a case that is neither here nor run fails the list test. */
const OUT_OF_SCOPE: Readonly<Record<string, string>> = {
  'group_norm g4_c8': 'group norm',
  'group_norm g32_c64': 'group norm',
  'group_norm g1_c6': 'group norm',
  'linear fc': 'linear layers',
  'flatten_linear roi_feature_flatten_order': 'linear layers',
  'resize_bilinear 20x24_to_15x18': 'bilinear resizing on the GPU',
  'resize_bilinear 20x24_to_40x48': 'bilinear resizing on the GPU',
  'resize_bilinear 20x24_to_33x21': 'bilinear resizing on the GPU',
};

/** Beside its kernel: src/ops/image/normalise-image.gpu.test.ts. */
const ELSEWHERE = new Set(['normalize mmdet_rgb']);

/** An op on a case's inputs; the tensors are in the order of `gradients`, the names of the case's gradients. */
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
  if (array.shape.length !== 4) return array.data;
  return key === 'grad_w' ? oihwToHwio(array).data : nchwToNhwc(array).data;
}

const pack = await readCasepack('ops/nn');
const cases = pack ?? [];
const fullName = (c: PackedCase): string => `${c.op} ${c.name}`;

test.skipIf(pack === undefined)(
  'oracle ops/nn is there, and every case is run or named as out of scope (skipped where it is absent)',
  () => {
    expect(cases.length).toBeGreaterThan(0);
    const left = cases.map(fullName).filter((name) => {
      const op = name.split(' ')[0] ?? '';
      return !(op in RUNS) && !(name in OUT_OF_SCOPE) && !ELSEWHERE.has(name);
    });
    expect(left).toEqual([]);
  },
);

describeOnGpu('ops/nn against torch', () => {
  for (const c of cases) {
    const reason = OUT_OF_SCOPE[fullName(c)];
    const prepare = RUNS[c.op];
    if (reason !== undefined) test.skip(`${fullName(c)}: out of scope (${reason})`, () => {});
    else if (prepare !== undefined) gpuTest(fullName(c), () => check(c, prepare));
  }
});

async function check(c: PackedCase, prepare: (c: PackedCase) => Run): Promise<void> {
  await tf.ready();
  const { inputs, op, gradients, changed = [] } = prepare(c);
  const tensors = tf.tidy(() => {
    const { value, grads } = tf.valueAndGrads(op)(inputs(), map(c, 'grad_out'));
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
