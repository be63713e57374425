import { expect } from 'vitest';
import { describeOnGpu, gpuTest } from '../ops/host/describe-on-backends.ts';
import { checkpointed } from './gradient-checkpoint.ts';
import { readTensor } from './read.ts';
import { tf } from './tf.ts';
import type { Tensor, Tensor4D, Variable } from './tf.ts';

type Part = (x: Tensor4D) => Tensor4D;

function weight(): Variable {
  const initial = tf.tensor4d([2, -3], [1, 1, 1, 2]);
  const variable = tf.variable(initial);
  initial.dispose();
  return variable;
}

/** Value of Σ (w·x²)² and its gradients by x and w; `through` runs w·x², which lies between two plain operations. */
async function gradients(
  through: (part: Part, x: Tensor4D, w: Variable) => Tensor4D,
): Promise<readonly (readonly number[])[]> {
  const w = weight();
  const tensors = tf.tidy(() => {
    const f = (a: Tensor): Tensor =>
      tf.sum(tf.square(through((x) => tf.mul(tf.square(x), w), tf.mul(a, 1).as4D(1, 1, 2, 2), w)));
    const x = tf.tensor4d([1, 2, 3, 4], [1, 1, 2, 2]);
    const { value, grads } = tf.valueAndGrads(f)([x, w]);
    return [value, ...grads];
  });
  const results = await Promise.all(tensors.map((tensor) => readTensor(tensor)));
  tf.dispose(tensors);
  w.dispose();
  // Plus zero: a zero has no sign here.
  return results.map((values) => Array.from(values, (value) => value + 0));
}

/** x = 1 3 meets w = 2, x = 2 4 meets −3: 4·82 + 9·272; by x 4·w²·x³; by w 2·w·Σx⁴. */
const BY_HAND = [[2776], [16, 288, 432, 2304], [328, -1632]];

describeOnGpu('checkpointed', () => {
  gpuTest('without it, as worked out by hand', async () => {
    await tf.ready();
    expect(await gradients((part, x) => part(x))).toEqual(BY_HAND);
  });

  gpuTest('the same gradients, from a part that runs twice', async () => {
    await tf.ready();
    const calls: boolean[] = [];
    const results = await gradients((part, x, w) =>
      checkpointed(
        (input, again) => {
          calls.push(again);
          return part(input);
        },
        { x, differentiateX: true, variables: [w] },
      ),
    );
    expect(results).toEqual(BY_HAND);
    expect(calls).toEqual([false, true]);
  });

  gpuTest('an input that is not differentiated gets no gradient from the part', async () => {
    await tf.ready();
    const results = await gradients((part, x, w) => {
      const constant = checkpointed(part, { x, differentiateX: false, variables: [w] });
      return tf.add(constant, tf.mul(x, 0));
    });
    expect(results).toEqual([[2776], [0, 0, 0, 0], [328, -1632]]);
  });

  gpuTest('without a gradient it leaves nothing but its result', async () => {
    await tf.ready();
    const w = weight();
    const x = tf.tensor4d([1, 2], [1, 1, 1, 2]);
    const before = tf.memory().numTensors;
    const y = checkpointed((input) => tf.mul(tf.square(input), w), {
      x,
      differentiateX: true,
      variables: [w],
    });
    expect(tf.memory().numTensors).toBe(before + 1);
    expect([...(await readTensor(y))]).toEqual([2, -12]);
    tf.dispose([x, y]);
    w.dispose();
  });
});
