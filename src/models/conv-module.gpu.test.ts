import { expect } from 'vitest';
import { convReference } from '../ops/conv/conv2d.reference.ts';
import { describeOnGpu, gpuTest } from '../ops/host/describe-on-backends.ts';
import { expectCloseToScale } from '../ops/host/expect-close-to-scale.ts';
import { variedValues } from '../ops/host/varied-values.ts';
import { groupNormReference } from '../ops/norm/group-norm.reference.ts';
import { readTensor } from '../tensor/read.ts';
import { tf } from '../tensor/tf.ts';
import { ConvModule } from './conv-module.ts';
import type { ConvModuleSpec } from './conv-module.ts';
import { kaimingNormal } from './initialisers.ts';
import { ParameterSet } from './parameter-set.ts';

const base: ConvModuleSpec = {
  name: 'head.convs.0.conv',
  inChannels: 4,
  outChannels: 6,
  kernelSize: 3,
  weightInit: kaimingNormal,
};
const GN = { type: 'GN', requiresGrad: true, numGroups: 2 } as const;
const BN = { type: 'BN', requiresGrad: true } as const;

function keys(spec: Partial<ConvModuleSpec>): readonly string[] {
  const parameters = new ParameterSet(0);
  const conv = new ConvModule(parameters, { ...base, ...spec });
  expect(conv).toBeDefined();
  const names = parameters.list().map(({ name }) => name.replace('head.convs.0.', ''));
  parameters.dispose();
  return names;
}

describeOnGpu('ConvModule', () => {
  gpuTest('its keys are MMDetection’s: a bias unless a norm follows', async () => {
    await tf.ready();
    expect(keys({})).toEqual(['conv.weight', 'conv.bias']);
    expect(keys({ bias: false })).toEqual(['conv.weight']);
    expect(keys({ norm: GN })).toEqual(['conv.weight', 'gn.weight', 'gn.bias']);
    expect(keys({ norm: BN, bias: true })).toEqual([
      'conv.weight',
      'conv.bias',
      'bn.weight',
      'bn.bias',
      'bn.running_mean',
      'bn.running_var',
    ]);
    expect(() => keys({ norm: GN, name: 'head.cls' })).toThrow(/ends in "conv"/);
  });

  gpuTest('convolution, norm, ReLU in this order, with groups and dilation', async () => {
    await tf.ready();
    const parameters = new ParameterSet(5);
    const spec: ConvModuleSpec = { ...base, groups: 2, dilation: 2, norm: GN, relu: true };
    const conv = new ConvModule(parameters, spec);
    const weight = parameters.get('head.convs.0.conv.weight');
    if (weight === undefined) throw new Error('no weight');
    expect(weight.shape).toEqual([6, 2, 3, 3]);
    const x = variedValues(2 * 7 * 5 * 4, 1);
    const y = tf.tidy(() => conv.forward(tf.tensor4d(x, [2, 7, 5, 4])));
    expect(y.shape).toEqual([2, 7, 5, 6]);
    const shape = {
      batch: 2,
      height: 7,
      width: 5,
      inChannels: 4,
      outChannels: 6,
      kernelHeight: 3,
      kernelWidth: 3,
      stride: 1,
      paddingY: 2,
      paddingX: 2,
      dilation: 2,
      groups: 2,
    };
    const wanted = groupNormReference({
      images: 2,
      groups: 2,
      x: convReference(shape, x, await readTensor(weight.variable), []).y,
      weight: new Float32Array(6).fill(1),
      bias: new Float32Array(6),
      dy: [],
      relu: true,
      eps: 1e-5,
    });
    expectCloseToScale(await readTensor(y), wanted.y, 5e-6, 'y');
    y.dispose();
    parameters.dispose();
  });

  gpuTest('a batch norm wants to know the mode', async () => {
    await tf.ready();
    const parameters = new ParameterSet(5);
    const conv = new ConvModule(parameters, { ...base, norm: BN });
    const x = tf.tensor4d(variedValues(2 * 4 * 4 * 4, 1), [2, 4, 4, 4]);
    expect(() => tf.tidy(() => conv.forward(x))).toThrow(/argument training/);
    const y = tf.tidy(() => conv.forward(x, false));
    expect(y.shape).toEqual([2, 4, 4, 6]);
    tf.dispose([x, y]);
    parameters.dispose();
  });
});
