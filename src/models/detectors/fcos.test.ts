import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { tf } from '../../tensor/tf.ts';
import { Fcos } from './fcos.ts';
import type { FcosOptions } from './fcos.ts';

/** fcos_r50_fpn with centre sampling, distances in strides, centerness from the box tower and GIoU: 80 classes. */
const preset: FcosOptions = {
  type: 'FCOS',
  backbone: {
    depth: 50,
    baseChannels: 64,
    frozenStages: 1,
    normEval: true,
    norm: { type: 'BN', requiresGrad: true },
    style: 'pytorch',
    zeroInitResidual: false,
  },
  neck: {
    outChannels: 256,
    startLevel: 1,
    numOuts: 5,
    addExtraConvs: 'on_output',
    reluBeforeExtraConvs: true,
  },
  preprocess: { mean: [0, 0, 0], std: [1, 1, 1], rgb: true },
  head: {
    numClasses: 80,
    featChannels: 256,
    stackedConvs: 4,
    strides: [8, 16, 32, 64, 128],
    normOnBbox: true,
    centernessOnReg: true,
    convBias: true,
    norm: { type: 'GN', requiresGrad: true, numGroups: 32 },
  },
  regressRanges: [
    [-1, 64],
    [64, 128],
    [128, 256],
    [256, 512],
    [512, 1e8],
  ],
  centerSampling: 1.5,
  lossCls: { gamma: 2, alpha: 0.25, lossWeight: 1 },
  lossBbox: { type: 'GIoULoss', lossWeight: 1, eps: 1e-6 },
  lossCenterness: { lossWeight: 1 },
  test: {
    nmsPre: 1000,
    minBboxSize: 0,
    scoreThr: 0.05,
    nms: { type: 'nms', iouThreshold: 0.6, classAgnostic: false },
    maxPerImg: 100,
  },
};

/** Quick to make: the same head on a backbone of few channels. */
const light: FcosOptions = {
  ...preset,
  backbone: { ...preset.backbone, depth: 18, baseChannels: 8 },
};

// The host's tensors suffice: nothing is computed here.
beforeAll(() => tf.setBackend('cpu'));

let model: Fcos | undefined;
afterEach(() => {
  model?.dispose();
  model = undefined;
});

const count = (of: readonly { readonly variable: { readonly size: number } }[]): number =>
  of.reduce((total, { variable }) => total + variable.size, 0);

describe('FCOS parameters', () => {
  test('ResNet-50: as many as counted by hand', () => {
    model = new Fcos(preset, 0);
    const conv = (outs: number, ins: number, kernel: number) => outs * ins * kernel ** 2 + outs;
    // Of a ResNet-50 without its classifier, frozen part 225,344.
    const backbone = 23_508_032;
    const neck =
      conv(256, 512, 1) + conv(256, 1024, 1) + conv(256, 2048, 1) + 5 * conv(256, 256, 3);
    const towers = 8 * (conv(256, 256, 3) + 2 * 256);
    const head = towers + conv(80, 256, 3) + conv(4, 256, 3) + conv(1, 256, 3) + 5;
    const weights = model.parameters.list().filter(({ role }) => role !== 'buffer');
    expect(count(weights)).toBe(backbone + neck + head);
    expect(count(weights)).toBe(32_297_370);
    expect(count(model.parameters.trainable())).toBe(32_297_370 - 225_344);
  });

  test('names, shapes and order of the head are MMDetection’s', () => {
    model = new Fcos(light, 0);
    const tower = (kind: string) =>
      [0, 1, 2, 3].flatMap((i) => [
        [`${kind}_convs.${i}.conv.weight`, [256, 256, 3, 3]],
        [`${kind}_convs.${i}.conv.bias`, [256]],
        [`${kind}_convs.${i}.gn.weight`, [256]],
        [`${kind}_convs.${i}.gn.bias`, [256]],
      ]);
    const predictor = (name: string, outs: number) => [
      [`${name}.weight`, [outs, 256, 3, 3]],
      [`${name}.bias`, [outs]],
    ];
    const wanted = [
      ...tower('cls'),
      ...tower('reg'),
      ...predictor('conv_cls', 80),
      ...predictor('conv_reg', 4),
      ...predictor('conv_centerness', 1),
      ...[0, 1, 2, 3, 4].map((level) => [`scales.${level}.scale`, []]),
    ];
    const own = model.parameters.list().map(({ name, shape }) => [name, [...shape]]);
    expect(own.slice(-wanted.length)).toEqual(
      wanted.map(([name, shape]) => [`bbox_head.${String(name)}`, shape]),
    );
  });

  test('without a norm no norm’s keys, and a bias only where it is asked for', () => {
    model = new Fcos({ ...light, head: { ...light.head, norm: null, convBias: false } }, 0);
    const towers = model.parameters
      .list()
      .map(({ name }) => name)
      .filter((name) => name.includes('_convs.') && name.startsWith('bbox_head.'));
    expect(towers.length).toBe(8);
    expect(towers.every((name) => name.endsWith('.conv.weight'))).toBe(true);
  });

  test('initial values: scales of 1, the prior of 0.01, normal weights', async () => {
    model = new Fcos(light, 7);
    const values = async (name: string): Promise<Float32Array> => {
      const parameter = model?.parameters.get(`bbox_head.${name}`);
      if (parameter === undefined) throw new Error(name);
      return Float32Array.from(await parameter.variable.data());
    };
    expect([...(await values('scales.3.scale'))]).toEqual([1]);
    const bias = await values('conv_cls.bias');
    expect(bias.length).toBe(80);
    for (const value of bias) expect(value).toBeCloseTo(-4.59511985013459, 6);
    for (const name of ['conv_reg.bias', 'conv_centerness.bias', 'reg_convs.3.conv.bias'])
      expect((await values(name)).every((value) => value === 0)).toBe(true);
    for (const name of ['cls_convs.0.conv.weight', 'conv_cls.weight', 'conv_reg.weight']) {
      const weights = await values(name);
      const std = Math.sqrt(weights.reduce((s, x) => s + x * x, 0) / weights.length);
      expect(std, name).toBeCloseTo(0.01, 3);
    }
  });
});
