import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { tf } from '../../tensor/tf.ts';
import { RetinaNet } from './retinanet.ts';
import type { RetinaNetOptions } from './retinanet.ts';

const SHAPES = '../shared/oracle/mmdet/state_dict_shapes.json';

/** retinanet_rNN_fpn_1x_coco: 80 classes. */
function preset(depth: 18 | 50): RetinaNetOptions {
  return {
    type: 'RetinaNet',
    rules: 'mmdetection',
    backbone: {
      depth,
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
      addExtraConvs: 'on_input',
      reluBeforeExtraConvs: false,
    },
    head: { numClasses: 80, featChannels: 256, stackedConvs: 4 },
    anchors: {
      type: 'AnchorGenerator',
      strides: [8, 16, 32, 64, 128],
      ratios: [0.5, 1, 2],
      octaveBaseScale: 4,
      scalesPerOctave: 3,
    },
    coder: { means: [0, 0, 0, 0], stds: [1, 1, 1, 1] },
    lossCls: { gamma: 2, alpha: 0.25, lossWeight: 1 },
    lossBbox: { type: 'L1Loss', lossWeight: 1 },
    assigner: { posIouThr: 0.5, negIouThr: 0.4 },
    allowedBorder: -1,
    posWeight: 1,
    test: {
      nmsPre: 1000,
      minBboxSize: 0,
      scoreThr: 0.05,
      nms: { type: 'nms', iouThreshold: 0.5, classAgnostic: false },
      maxPerImg: 100,
    },
    preprocess: { mean: [0, 0, 0], std: [1, 1, 1], rgb: true },
  };
}

// The host's tensors suffice: nothing is computed here.
beforeAll(() => tf.setBackend('cpu'));

let model: RetinaNet | undefined;
afterEach(() => {
  model?.dispose();
  model = undefined;
});

describe('RetinaNet parameters', () => {
  test.each([
    [18, 21_410_100, 21_252_596],
    [50, 37_968_692, 37_743_348],
  ] as const)('depth %i has MMDetection’s number of parameters', (depth, all, trainable) => {
    model = new RetinaNet(preset(depth), 0);
    const count = (of: readonly { readonly variable: { readonly size: number } }[]): number =>
      of.reduce((total, { variable }) => total + variable.size, 0);
    expect(count(model.parameters.list().filter(({ role }) => role !== 'buffer'))).toBe(all);
    expect(count(model.parameters.trainable())).toBe(trainable);
  });

  test.skipIf(!existsSync(SHAPES))(`names, shapes and order of ${SHAPES}`, () => {
    const page = z
      .record(z.string(), z.record(z.string(), z.array(z.number())))
      .parse(JSON.parse(readFileSync(SHAPES, 'utf8')));
    model = new RetinaNet(preset(18), 0);
    const own = model.parameters.list().map(({ name, shape }) => [name, [...shape]]);
    const wanted = Object.entries(page['mmdet_retinanet_r18_fpn'] ?? {});
    expect(own.length).toBeGreaterThan(100);
    // num_batches_tracked is a counter that nothing reads; checkpoints get it when they are written.
    expect(own).toEqual(wanted.filter(([name]) => !name.endsWith('num_batches_tracked')));
  });

  test('initial values: the prior of 0.01, zero biases, Kaiming and Xavier spreads', async () => {
    model = new RetinaNet(preset(18), 7);
    const values = async (name: string): Promise<Float32Array> => {
      const parameter = model?.parameters.get(name);
      if (parameter === undefined) throw new Error(name);
      return Float32Array.from(await parameter.variable.data());
    };
    expect((await values('bbox_head.retina_cls.bias'))[0]).toBeCloseTo(-4.59511985013459, 6);
    expect(Math.max(...(await values('neck.lateral_convs.0.conv.bias')))).toBe(0);
    const std = (v: Float32Array): number => Math.sqrt(v.reduce((s, x) => s + x * x, 0) / v.length);
    expect(std(await values('backbone.layer2.0.conv1.weight'))).toBeCloseTo(
      Math.sqrt(2 / (128 * 9)),
      3,
    );
    expect(std(await values('bbox_head.cls_convs.0.conv.weight'))).toBeCloseTo(0.01, 4);
    const lateral = await values('neck.lateral_convs.2.conv.weight');
    // MMDetection's own largest |w| for 512 → 256, 1×1.
    expect(lateral.reduce((m, x) => Math.max(m, Math.abs(x)), 0)).toBeCloseTo(0.08839, 4);
  });

  test('the same seed draws the same weights, another seed others', async () => {
    const draw = async (seed: number): Promise<Float32Array> => {
      const small: RetinaNetOptions = {
        ...preset(18),
        backbone: { ...preset(18).backbone, baseChannels: 8 },
        neck: { ...preset(18).neck, outChannels: 8 },
        head: { numClasses: 2, featChannels: 8, stackedConvs: 1 },
      };
      const own = new RetinaNet(small, seed);
      const variable = own.parameters.get('backbone.conv1.weight')?.variable;
      const values = Float32Array.from((await variable?.data()) ?? []);
      own.dispose();
      return values;
    };
    expect(await draw(1)).toEqual(await draw(1));
    expect(await draw(1)).not.toEqual(await draw(2));
  });
});
