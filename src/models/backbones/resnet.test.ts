import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { tf } from '../../tensor/tf.ts';
import { ParameterSet } from '../parameter-set.ts';
import { ResNet, resnetOutChannels, stagePlan } from './resnet.ts';
import type { ResNetOptions } from './resnet.ts';

const SHAPES = '../shared/oracle/mmdet/state_dict_shapes.json';

const r50: ResNetOptions = {
  depth: 50,
  baseChannels: 64,
  frozenStages: 1,
  normEval: true,
  norm: { type: 'BN', requiresGrad: true },
  style: 'pytorch',
  zeroInitResidual: false,
};
const tiny: ResNetOptions = { ...r50, baseChannels: 8 };

// The host's tensors suffice: nothing is computed here.
beforeAll(() => tf.setBackend('cpu'));

function parametersOf(options: ResNetOptions) {
  const parameters = new ParameterSet(0);
  const network = new ResNet(parameters, options);
  expect(network).toBeDefined();
  const list = parameters.list();
  parameters.dispose();
  return list;
}

const names = (options: ResNetOptions): readonly string[] =>
  parametersOf(options).map(({ name }) => name);

describe('ResNet parameters', () => {
  test.skipIf(!existsSync(SHAPES)).each([
    [18, 'mmdet_retinanet_r18_fpn'],
    [50, 'mmdet_retinanet_r50_fpn'],
  ] as const)(`depth %i: names, shapes and order of %s in ${SHAPES}`, (depth, model) => {
    const page = z
      .record(z.string(), z.record(z.string(), z.array(z.number())))
      .parse(JSON.parse(readFileSync(SHAPES, 'utf8')));
    const wanted = Object.entries(page[model] ?? {}).filter(
      ([name]) => name.startsWith('backbone.') && !name.endsWith('num_batches_tracked'),
    );
    expect(wanted.length).toBeGreaterThan(90);
    const own = parametersOf({ ...r50, depth }).map(({ name, shape }) => [name, [...shape]]);
    expect(own).toEqual(wanted);
  });

  test('ResNetV1d: three stem convolutions, pooling in the shortcuts', () => {
    const own = parametersOf({ ...r50, deepStem: true, avgDown: true });
    const shapes = new Map(own.map(({ name, shape }) => [name, shape]));
    const convolutions = [...shapes].filter(([name]) => /stem\.\d\.weight/.test(name));
    expect(convolutions).toEqual([
      ['backbone.stem.0.weight', [32, 3, 3, 3]],
      ['backbone.stem.1.weight', [32]],
      ['backbone.stem.3.weight', [32, 32, 3, 3]],
      ['backbone.stem.4.weight', [32]],
      ['backbone.stem.6.weight', [64, 32, 3, 3]],
      ['backbone.stem.7.weight', [64]],
    ]);
    expect(shapes.get('backbone.layer2.0.downsample.1.weight')).toEqual([512, 256, 1, 1]);
    expect(shapes.get('backbone.layer2.0.downsample.2.running_var')).toEqual([512]);
    // The stride is 1 there, and MMDetection's Sequential still has its pooling.
    expect(shapes.get('backbone.layer1.0.downsample.1.weight')).toEqual([256, 64, 1, 1]);
    expect([...shapes.keys()].filter((name) => name.includes('downsample.0'))).toEqual([]);
    expect(own[0]?.name).toBe('backbone.stem.0.weight');
    expect(own.every(({ name, trainable }) => !name.includes('stem') || !trainable)).toBe(true);
  });

  test('GN: keys gn1 …, weight and bias only', () => {
    const norm = { type: 'GN', requiresGrad: true, numGroups: 4 } as const;
    const own = names({ ...tiny, norm, frozenStages: -1 });
    expect(own.slice(0, 6)).toEqual([
      'backbone.conv1.weight',
      'backbone.gn1.weight',
      'backbone.gn1.bias',
      'backbone.layer1.0.conv1.weight',
      'backbone.layer1.0.gn1.weight',
      'backbone.layer1.0.gn1.bias',
    ]);
    expect(own).toContain('backbone.layer2.0.downsample.1.bias');
    expect(own.filter((name) => name.includes('running') || name.includes('bn'))).toEqual([]);
  });

  test('GN groups that do not divide the channels are refused', () => {
    const norm = { type: 'GN', requiresGrad: true, numGroups: 32 } as const;
    expect(() => parametersOf({ ...tiny, norm })).toThrow(/num_groups 32/);
  });

  test('FrozenBN: the keys of BN, all of them buffers', () => {
    const norm = { type: 'FrozenBN', requiresGrad: true, eps: 0 } as const;
    const own = parametersOf({ ...tiny, norm });
    expect(own.map(({ name }) => name)).toEqual(names(tiny));
    const vectors = own.filter(({ name }) => /bn\d|downsample\.1/.test(name));
    expect(vectors.length).toBe(53 * 4);
    expect(vectors.every(({ role, trainable }) => role === 'buffer' && !trainable)).toBe(true);
  });

  test.each([
    // torchvision: trainable layers 0 … 5 are frozen_stages 4 … −1.
    [-1, ['conv1', 'layer1', 'layer2', 'layer3', 'layer4']],
    [0, ['layer1', 'layer2', 'layer3', 'layer4']],
    [1, ['layer2', 'layer3', 'layer4']],
    [4, []],
  ] as const)('frozen_stages %i leaves %j to train', (frozenStages, parts) => {
    const norm = { type: 'FrozenBN', requiresGrad: true } as const;
    const trained = parametersOf({ ...tiny, norm, frozenStages }).filter(
      ({ trainable }) => trainable,
    );
    expect([...new Set(trained.map(({ name }) => name.split('.')[1]))]).toEqual(parts);
  });

  test('norms without requires_grad do not train, also outside frozen stages', () => {
    const norm = { type: 'BN', requiresGrad: false } as const;
    const trained = parametersOf({ ...tiny, norm, frozenStages: -1 }).filter(
      ({ trainable }) => trainable,
    );
    expect(trained.every(({ role }) => role === 'weight')).toBe(true);
    expect(trained.length).toBe(53);
  });

  test('explicit stages: a ResNet-26 has eight bottlenecks', () => {
    const stages = { block: 'bottleneck', blocks: [2, 2, 2, 2] } as const;
    const own = names({ ...tiny, stages });
    // 1 + 8 · 3 + 4 shortcuts convolutions.
    expect(own.filter((name) => /conv\d\.weight|downsample\.0\.weight/.test(name)).length).toBe(29);
    expect(own).not.toContain('backbone.layer1.2.conv1.weight');
    expect(resnetOutChannels(stages, 64)).toEqual([256, 512, 1024, 2048]);
    expect(resnetOutChannels(18, 16)).toEqual([16, 32, 64, 128]);
    expect(stagePlan({ depth: 101 }).blocks).toEqual([3, 4, 23, 3]);
    expect(stagePlan({ depth: 50, stages })).toBe(stages);
  });

  test('zero_init_residual: the last norm of every block starts at 0', async () => {
    const parameters = new ParameterSet(0);
    const network = new ResNet(parameters, { ...tiny, zeroInitResidual: true });
    expect(network).toBeDefined();
    const largest = async (name: string): Promise<number> =>
      Math.max(...((await parameters.get(name)?.variable.data()) ?? [Number.NaN]));
    expect(await largest('backbone.layer3.1.bn3.weight')).toBe(0);
    expect(await largest('backbone.layer3.1.bn2.weight')).toBe(1);
    expect(await largest('backbone.layer3.0.downsample.1.weight')).toBe(1);
    parameters.dispose();
  });

  test('more frozen stages than there are is refused', () => {
    expect(() => parametersOf({ ...tiny, frozenStages: 5 })).toThrow(/frozen_stages is 5/);
  });
});
