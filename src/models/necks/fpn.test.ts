import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { tf } from '../../tensor/tf.ts';
import { ParameterSet } from '../parameter-set.ts';
import { Fpn } from './fpn.ts';
import type { FpnOptions } from './fpn.ts';

const SHAPES = '../shared/oracle/mmdet/state_dict_shapes.json';

const retina: FpnOptions = {
  inChannels: [256, 512, 1024, 2048],
  outChannels: 256,
  startLevel: 1,
  numOuts: 5,
  addExtraConvs: 'on_input',
  reluBeforeExtraConvs: false,
};
const faster: FpnOptions = { ...retina, startLevel: 0, addExtraConvs: false };
const tiny: FpnOptions = { ...retina, inChannels: [8, 16, 32, 64], outChannels: 8 };

// The host's tensors suffice: nothing is computed here.
beforeAll(() => tf.setBackend('cpu'));

function parametersOf(options: FpnOptions) {
  const parameters = new ParameterSet(0);
  const neck = new Fpn(parameters, options);
  expect(neck).toBeDefined();
  const list = parameters.list().map(({ name, shape }) => [name, [...shape]] as const);
  parameters.dispose();
  return list;
}

describe('FPN parameters', () => {
  test.skipIf(!existsSync(SHAPES)).each([
    ['mmdet_retinanet_r50_fpn', retina],
    ['mmdet_retinanet_r18_fpn', { ...retina, inChannels: [64, 128, 256, 512] }],
    ['mmdet_faster_rcnn_r50_fpn', faster],
  ])(`%s: names, shapes and order of ${SHAPES}`, (model, options) => {
    const page = z
      .record(z.string(), z.record(z.string(), z.array(z.number())))
      .parse(JSON.parse(readFileSync(SHAPES, 'utf8')));
    const wanted = Object.entries(page[model] ?? {}).filter(([name]) => name.startsWith('neck.'));
    expect(wanted.length).toBeGreaterThan(15);
    expect(parametersOf(options)).toEqual(wanted);
  });

  test.each([
    ['on_input', 64],
    ['on_lateral', 8],
    ['on_output', 8],
  ] as const)('%s: the first extra convolution reads %i channels', (addExtraConvs, channels) => {
    const own = new Map(parametersOf({ ...tiny, addExtraConvs }));
    expect(own.get('neck.fpn_convs.3.conv.weight')).toEqual([8, channels, 3, 3]);
    expect(own.get('neck.fpn_convs.4.conv.weight')).toEqual([8, 8, 3, 3]);
  });

  test('with a norm the convolutions have no bias, and its vectors follow each', () => {
    const norm = { type: 'BN', requiresGrad: true } as const;
    const own = parametersOf({ ...tiny, norm, startLevel: 3, numOuts: 1 }).map(([name]) => name);
    expect(own).toEqual([
      'neck.lateral_convs.0.conv.weight',
      ...['weight', 'bias', 'running_mean', 'running_var'].map(
        (key) => `neck.lateral_convs.0.bn.${key}`,
      ),
      'neck.fpn_convs.0.conv.weight',
      ...['weight', 'bias', 'running_mean', 'running_var'].map(
        (key) => `neck.fpn_convs.0.bn.${key}`,
      ),
    ]);
  });

  test('no_norm_on_lateral: laterals keep their bias', () => {
    const norm = { type: 'GN', requiresGrad: true, numGroups: 2 } as const;
    const options = { ...tiny, norm, noNormOnLateral: true, startLevel: 3, numOuts: 1 };
    expect(parametersOf(options).map(([name]) => name)).toEqual([
      'neck.lateral_convs.0.conv.weight',
      'neck.lateral_convs.0.conv.bias',
      'neck.fpn_convs.0.conv.weight',
      'neck.fpn_convs.0.gn.weight',
      'neck.fpn_convs.0.gn.bias',
    ]);
  });

  test('end_level leaves the last outputs out', () => {
    const options = { ...tiny, startLevel: 0, endLevel: 1, numOuts: 2 };
    expect(parametersOf(options).map(([name]) => name)).toEqual(
      ['lateral_convs.0', 'lateral_convs.1', 'fpn_convs.0', 'fpn_convs.1'].flatMap((name) => [
        `neck.${name}.conv.weight`,
        `neck.${name}.conv.bias`,
      ]),
    );
    // The last output by its number is the same as −1: extra levels are allowed.
    expect(parametersOf({ ...tiny, endLevel: 3 })).toEqual(parametersOf(tiny));
  });

  test.each([
    ['too few outputs', { ...tiny, numOuts: 2 }],
    ['extra levels beside an end_level', { ...tiny, endLevel: 2, numOuts: 3 }],
    ['an end_level beyond the backbone', { ...tiny, endLevel: 4, numOuts: 4 }],
    ['no level', { ...tiny, startLevel: 4, numOuts: 0 }],
  ])('%s is refused', (_, options) => {
    expect(() => parametersOf(options)).toThrow(/num_outs is/);
  });
});
