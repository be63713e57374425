import { expect } from 'vitest';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import { variedValues } from '../host/varied-values.ts';
import { batchNorm } from './batch-norm.ts';

describeOnGpu('batchNorm', () => {
  gpuTest('a norm that is not trained passes on the same gradients', async () => {
    const shape: [number, number, number, number] = [2, 5, 7, 6];
    const x = tf.tensor4d(variedValues(420, 1), shape);
    const shortcut = tf.tensor4d(variedValues(420, 2), shape);
    const dy = tf.tensor4d(variedValues(420, 3), shape);
    const statistics = {
      runningMean: tf.tensor1d(variedValues(6, 4)),
      runningVar: tf.tensor1d(variedValues(6, 5).map((value) => value + 1.1)),
    };
    const vectors = [variedValues(6, 6).map((value) => value + 1.2), variedValues(6, 7)] as const;
    const gradients = async (trainable: boolean, shortcuts: readonly Tensor[]) => {
      const [weight, bias] = tf.tidy(() => [
        tf.variable(tf.tensor1d(vectors[0]), trainable),
        tf.variable(tf.tensor1d(vectors[1]), trainable),
      ]);
      const run = (input: Tensor, residual?: Tensor): Tensor =>
        batchNorm(
          input.as4D(...shape),
          { weight, bias, ...statistics },
          {
            training: false,
            relu: true,
            eps: 1e-5,
            momentum: 0.1,
            ...(residual === undefined ? {} : { residual: residual.as4D(...shape) }),
          },
        );
      const grads = tf.grads(run as (...inputs: Tensor[]) => Tensor)([x, ...shortcuts], dy);
      const values = await Promise.all(grads.map((grad) => readTensor(grad)));
      tf.dispose([weight, bias, grads]);
      return values;
    };
    for (const shortcuts of [[], [shortcut]]) {
      const wanted = await gradients(true, shortcuts);
      expect(wanted).toHaveLength(1 + shortcuts.length);
      expect(await gradients(false, shortcuts)).toEqual(wanted);
    }
    tf.dispose([x, shortcut, dy, Object.values(statistics)]);
  });
});
