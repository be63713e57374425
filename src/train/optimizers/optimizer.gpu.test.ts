import { expect } from 'vitest';
import { ParameterSet } from '../../models/parameter-set.ts';
import { describeOnGpu, gpuTest, sharedHost } from '../../ops/host/describe-on-backends.ts';
import { variedValues } from '../../ops/host/varied-values.ts';
import { pairsPerDispatch } from '../../ops/optim/update.ts';
import { GpuCounter } from '../../tensor/gpu-counter.ts';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { Optimizer } from './optimizer.ts';
import type { OptimizerOptions } from './optimizer.ts';
import { NO_PARAMWISE } from './paramwise.ts';

const SIZES = Array.from({ length: 23 }, (_, i) => 1 + ((i * 29) % 90));
const SGD: OptimizerOptions['algorithm'] = {
  type: 'SGD',
  momentum: 0.9,
  nesterov: false,
  weightDecay: 0,
};
const ADAM: OptimizerOptions['algorithm'] = {
  type: 'Adam',
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
};

/** Two steps on 23 parameters with gradients of their own; parameter 5 has none. */
async function withOptimizer(
  algorithm: OptimizerOptions['algorithm'],
  body: (optimizer: Optimizer, gradients: Readonly<Record<string, Tensor>>) => Promise<void>,
): Promise<void> {
  const parameters = new ParameterSet(1);
  SIZES.forEach((size, i) =>
    parameters.add(
      { name: `p${i}`, shape: [size], role: 'weight', trainable: true },
      () => new Float32Array(size),
    ),
  );
  const gradients = Object.fromEntries(
    parameters
      .list()
      .filter(({ name }) => name !== 'p5')
      .map(({ variable }, i) => [variable.name, tf.tensor1d(variedValues(variable.size, i + 1))]),
  );
  const options = { algorithm, paramwise: NO_PARAMWISE, clipMaxNorm: 0 };
  const optimizer = new Optimizer(parameters.list(), options);
  for (let step = 0; step < 2; step++) optimizer.step(gradients, 0.1).dispose();
  await body(optimizer, gradients);
  optimizer.dispose();
  tf.dispose(gradients);
  parameters.dispose();
}

describeOnGpu('Optimizer', () => {
  gpuTest('gives each parameter its own state', () =>
    withOptimizer(SGD, async (optimizer, gradients) => {
      for (const { name, variable } of optimizer.variables) {
        const { momentum_buffer: buffer, ...rest } = optimizer.stateOf(name);
        if (buffer === undefined) throw new Error('momentum_buffer');
        expect(rest).toEqual({});
        const gradient = gradients[variable.name];
        // v = g, then 0.9·g + g.
        const wanted =
          gradient === undefined
            ? new Float32Array(variable.size)
            : (await readTensor(gradient)).map((g) => Math.fround(0.9) * g + g);
        const actual = await readTensor(buffer);
        const weights = await readTensor(variable);
        wanted.forEach((value, i) => {
          expect(actual[i], name).toBeCloseTo(value, 5);
          expect(weights[i], name).toBeCloseTo(-0.1 * (value + value / 1.9), 5);
        });
        buffer.dispose();
      }
      expect(optimizer.stateOf('nobody')).toEqual({});
    }),
  );

  gpuTest('updates as many parameters per dispatch as the device can bind', async () => {
    const { device } = (await sharedHost()).backend;
    await withOptimizer(SGD, (optimizer, gradients) => {
      const counter = new GpuCounter(device, { execute: true });
      optimizer.step(gradients, 0.1).dispose();
      const { kernels } = counter.take();
      counter.stop();
      const { maxStorageBuffersPerShaderStage: most } = device.limits;
      expect(kernels).toEqual({
        sgd: Math.ceil(SIZES.length / pairsPerDispatch()),
        sum_squares: Math.ceil((SIZES.length - 1) / (most - 1)),
        grad_norm: 1,
      });
      return Promise.resolve();
    });
  });

  gpuTest('names the moments of Adam as PyTorch does', () =>
    withOptimizer(ADAM, async (optimizer, gradients) => {
      const { variable } = optimizer.variables[7] ?? {};
      const gradient = gradients[variable?.name ?? ''];
      if (gradient === undefined) throw new Error('gradient');
      const state = optimizer.stateOf('p7');
      expect(Object.keys(state)).toEqual(['exp_avg', 'exp_avg_sq']);
      const [g = Number.NaN] = await readTensor(gradient);
      const at = async (key: string): Promise<number> => {
        const tensor = state[key];
        return tensor === undefined ? Number.NaN : ((await readTensor(tensor))[0] ?? Number.NaN);
      };
      expect(await at('exp_avg')).toBeCloseTo(0.19 * g, 6);
      expect(await at('exp_avg_sq')).toBeCloseTo(0.001999 * g * g, 8);
      tf.dispose(state);
    }),
  );
});
