import { describe, expect, it } from 'vitest';
import { createLrSchedule } from '../train/schedules/lr-schedule.ts';
import { loadConfig } from './load-config.ts';
import { nodeConfigFiles } from './preset-files.node.ts';
import { filterOptions, pipelineOptions, samplingOptions, vocEvaluation } from './resolved-data.ts';
import { detectorOptions, modelInput, numClasses } from './resolved-model.ts';
import { scheduleOptions } from './resolved-schedule.ts';
import { hookOptions, optimOptions } from './resolved.ts';
import type { Config } from './schema/config-schema.ts';
import { resolveTrainPlan } from './train-plan.ts';

const files = nodeConfigFiles();

function load(name: string, options: string[] = []): Config {
  const { config, problems } = loadConfig(files, `retinanet/${name}`, options);
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return config;
}

describe('options of MMDetection 3.x RetinaNet R50 1x', () => {
  const config = load('retinanet_r50_fpn_1x_coco');

  it('model', () => {
    expect(detectorOptions(config)).toEqual({
      type: 'RetinaNet',
      rules: 'mmdetection',
      preprocess: { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375], rgb: true },
      backbone: {
        depth: 50,
        baseChannels: 64,
        frozenStages: 1,
        normEval: true,
        norm: { type: 'BN', requiresGrad: true, eps: 1e-5, momentum: 0.1 },
        style: 'pytorch',
        deepStem: false,
        avgDown: false,
        withCp: false,
        zeroInitResidual: true,
      },
      neck: {
        outChannels: 256,
        startLevel: 1,
        endLevel: -1,
        numOuts: 5,
        addExtraConvs: 'on_input',
        reluBeforeExtraConvs: false,
        noNormOnLateral: false,
      },
      head: { numClasses: 80, featChannels: 256, stackedConvs: 4 },
      anchors: {
        type: 'AnchorGenerator',
        strides: [8, 16, 32, 64, 128],
        ratios: [0.5, 1, 2],
        octaveBaseScale: 4,
        scalesPerOctave: 3,
        scaleMajor: true,
        centerOffset: 0,
      },
      coder: { means: [0, 0, 0, 0], stds: [1, 1, 1, 1] },
      lossCls: { gamma: 2, alpha: 0.25, lossWeight: 1 },
      lossBbox: { type: 'L1Loss', lossWeight: 1 },
      assigner: {
        posIouThr: 0.5,
        negIouThr: 0.4,
        minPosIou: 0,
        matchLowQuality: true,
        gtMaxAssignAll: true,
        ignoreIofThr: -1,
        ignoreWrtCandidates: true,
      },
      allowedBorder: -1,
      posWeight: 1,
      test: {
        nmsPre: 1000,
        minBboxSize: 0,
        scoreThr: 0.05,
        nms: { type: 'nms', iouThreshold: 0.5, classAgnostic: false },
        maxPerImg: 100,
      },
    });
    expect(modelInput(config)).toEqual({
      padSizeDivisor: 32,
      pretrained: 'torchvision://resnet50',
    });
  });

  it('data, optimiser, hooks', () => {
    const size = { type: 'Resize', scale: [1333, 800], keep_ratio: true };
    const train = pipelineOptions(config, 'train');
    expect(train.steps).toMatchObject([size, { type: 'RandomFlip', prob: 0.5 }]);
    expect(train.mix).toBeUndefined();
    expect(pipelineOptions(config, 'test').steps).toMatchObject([size]);
    expect(filterOptions(config)).toEqual({
      filterEmptyGt: true,
      minSize: 32,
      bboxMinSize: null,
    });
    expect(optimOptions(config)).toMatchObject({
      type: 'sgd',
      lr: 0.01,
      momentum: 0.9,
      weightDecay: 1e-4,
      nesterov: false,
      clipMaxNorm: null,
      paramwise: { normDecayMult: 1, biasDecayMult: 1, biasLrMult: 1, customKeys: [] },
    });
    expect(hookOptions(config)).toMatchObject({
      logInterval: 50,
      checkpointInterval: 1,
      checkpointByEpoch: true,
      seed: null,
    });
  });

  it('schedule', () => {
    const plan = resolveTrainPlan(config, 117266);
    const lr = createLrSchedule(
      scheduleOptions(config, plan),
      optimOptions(config).lr,
      plan.itersPerEpoch,
    );
    const at = [
      0,
      499,
      8 * plan.itersPerEpoch - 1,
      8 * plan.itersPerEpoch,
      11 * plan.itersPerEpoch,
    ];
    [1e-5, 0.01, 0.01, 1e-3, 1e-4].forEach((rate, i) =>
      expect(lr(at[i] ?? 0)).toBeCloseTo(rate, 12),
    );
  });
});

describe('variants', () => {
  it('VOC counts its data three times', () => {
    const config = load('retinanet_r50_fpn_1x_voc0712');
    const plan = resolveTrainPlan(config, 101);
    expect(plan).toMatchObject({
      unit: 'epoch',
      epochs: 4,
      itersPerEpoch: 152,
      iterations: 608,
      repeatTimes: 3,
    });
    expect(pipelineOptions(config, 'train').steps[0]).toMatchObject({ scale: [1000, 600] });
    expect(numClasses(config)).toBe(20);
    expect(filterOptions(config).bboxMinSize).toBe(32);
    expect(vocEvaluation(config)).toEqual({
      iouThrs: [0.5],
      evalMode: '11points',
      prefix: 'pascal_voc',
    });
    expect(vocEvaluation(load('retinanet_r50_fpn_1x_coco'))).toBeUndefined();
    expect(samplingOptions(config)).toEqual({
      shuffle: true,
      infinite: false,
      groupByAspect: true,
      dropLast: false,
    });
  });

  it.each([
    [17, false, 3],
    [17, true, 2],
    [16, true, 2],
    [0, false, 0],
  ])('%i images in batches of 8, drop_last %s: %i iterations per epoch', (images, drop, iters) => {
    const config = load('retinanet_r50_fpn_1x_coco', [
      'train_dataloader.batch_size=8',
      `train_dataloader.drop_last=${String(drop)}`,
    ]);
    expect(resolveTrainPlan(config, images)).toMatchObject({
      itersPerEpoch: iters,
      iterations: 12 * iters,
    });
  });

  it('an iteration-based run has its iterations, and none without images', () => {
    const config = load('retinanet_r18_fpn_sample', ['train_cfg.max_iters=77']);
    expect(resolveTrainPlan(config, 64)).toMatchObject({
      unit: 'iter',
      iterations: 77,
      itersPerEpoch: 8,
      epochs: 77 / 8,
    });
    expect(resolveTrainPlan(config, 0).iterations).toBe(0);
  });

  it('scales the learning rate with the batch when asked to', () => {
    const config = load('retinanet_r50_fpn_1x_coco', [
      'auto_scale_lr.enable=True',
      'train_dataloader.batch_size=4',
    ]);
    expect(optimOptions(config)).toMatchObject({ lr: 0.0025, lrScale: 0.25 });
  });

  it('orders custom keys longest first', () => {
    const text =
      '_base_: retinanet/retinanet_r50_fpn_1x_coco.yaml\noptim_wrapper:\n  paramwise_cfg:\n    custom_keys:\n      backbone: {lr_mult: 0.1}\n      backbone.layer4: {lr_mult: 0.5, decay_mult: 0}\n';
    const { config, problems } = loadConfig(files, { name: 'a.yaml', text });
    expect(problems).toEqual([]);
    expect(config && optimOptions(config).paramwise.customKeys).toEqual([
      { key: 'backbone.layer4', lrMult: 0.5, decayMult: 0 },
      { key: 'backbone', lrMult: 0.1, decayMult: 1 },
    ]);
  });

  it('a schedule without an end lasts as long as the training', () => {
    const text =
      '_base_: retinanet/retinanet_r50_fpn_1x_coco.yaml\nparam_scheduler:\n  - {type: CosineAnnealingLR, eta_min: 0.0, by_epoch: false}\n  - {type: MultiStepLR, milestones: [8]}\n';
    const { config } = loadConfig(files, { name: 'a.yaml', text });
    if (config === undefined) throw new Error('no config');
    const plan = resolveTrainPlan(config, 200);
    expect(scheduleOptions(config, plan)).toMatchObject([
      { type: 'CosineAnnealingLR', begin: 0, end: 1200, tMax: 1200, byEpoch: false },
      { type: 'MultiStepLR', begin: 0, end: 12, byEpoch: true },
    ]);
  });

  it('a tuple of negative thresholds', () => {
    const config = load('retinanet_r50_fpn_1x_coco', [
      'model.train_cfg.assigner.neg_iou_thr=(0.1,0.4)',
    ]);
    expect(detectorOptions(config)).toMatchObject({ assigner: { negIouThr: [0.1, 0.4] } });
  });

  it('add_extra_convs true is on_input', () => {
    const config = load('retinanet_r50_fpn_1x_coco', ['model.neck.add_extra_convs=True']);
    expect(detectorOptions(config).neck.addExtraConvs).toBe('on_input');
  });
});
