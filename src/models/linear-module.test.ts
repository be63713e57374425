import { beforeAll, expect, test } from 'vitest';
import { tf } from '../tensor/tf.ts';
import { constant } from './initialisers.ts';
import { LinearModule } from './linear-module.ts';
import { ParameterSet } from './parameter-set.ts';

// The host's tensors suffice: nothing is computed here.
beforeAll(() => tf.setBackend('cpu'));

test('a linear layer has PyTorch’s keys and shapes, and lies transposed on the GPU', () => {
  const parameters = new ParameterSet(0);
  const spec = { inFeatures: 12, outFeatures: 5, weightInit: constant(0) };
  const map = { channels: 3, height: 2, width: 2 };
  const layer = new LinearModule(parameters, { ...spec, name: 'head.fc', flattenOf: map });
  const bare = new LinearModule(parameters, {
    ...spec,
    name: 'head.bare',
    bias: false,
    trainable: false,
  });
  expect(layer).not.toBe(bare);
  const rows = parameters
    .list()
    .map(({ name, shape, variable, trainable }) => [name, shape, variable.shape, trainable]);
  expect(rows).toEqual([
    ['head.fc.weight', [5, 12], [12, 5], true],
    ['head.fc.bias', [5], [5], true],
    ['head.bare.weight', [5, 12], [12, 5], false],
  ]);
  parameters.dispose();
});

test('a matrix without a layout is refused', () => {
  const parameters = new ParameterSet(0);
  const spec = { name: 'w', shape: [2, 3], role: 'weight', trainable: true } as const;
  expect(() => parameters.add(spec, constant(0))).toThrow(/needs a layout/);
  parameters.dispose();
});
