import { describe, expect, it } from 'vitest';
import { loadConfig } from './load-config.ts';
import { nodeConfigFiles } from './preset-files.node.ts';
import { scheduleOptions } from './resolved-schedule.ts';
import { emaOptions, optimOptions } from './resolved.ts';
import { resolveTrainPlan } from './train-plan.ts';

const files = nodeConfigFiles();

describe('optimiser, schedules and average of a config', () => {
  it('Adam, clipping by value and every schedule of MMEngine', () => {
    const text = `_base_: retinanet/retinanet_r50_fpn_1x_coco.yaml
optim_wrapper:
  optimizer: {_delete_: true, type: Adam, lr: 0.001}
  clip_grad: {type: value, clip_value: 0.5}
param_scheduler:
  - {type: StepLR, step_size: 3, end: 6}
  - {type: ExponentialLR, gamma: 0.9, convert_to_iter_based: true}
  - {type: PolyLR, power: 0.9, eta_min: 0.0001, by_epoch: false}
  - {type: CosineRestartLR, periods: [4, 8], restart_weights: [1, 0.5], eta_min_ratio: 0.1}
  - {type: OneCycleLR, eta_max: 0.1, epochs: 12, steps_per_epoch: 100, by_epoch: false, end: 1200}
`;
    const { config, problems } = loadConfig(files, { name: 'own.yaml', text });
    expect(problems).toEqual([]);
    if (config === undefined) return;
    expect(optimOptions(config)).toMatchObject({
      type: 'adam',
      weightDecay: 0,
      betas: [0.9, 0.999],
      clipMaxNorm: null,
      clipValue: 0.5,
    });
    const plan = resolveTrainPlan(config, 1600);
    expect(scheduleOptions(config, plan)).toMatchObject([
      { type: 'StepLR', stepSize: 3, gamma: 0.1, end: 6 },
      { type: 'ExponentialLR', gamma: 0.9, end: 12, convertToIterBased: true },
      { type: 'PolyLR', power: 0.9, etaMin: 0.0001, end: plan.iterations, byEpoch: false },
      { type: 'CosineRestartLR', periods: [4, 8], restartWeights: [1, 0.5], etaMinRatio: 0.1 },
      { type: 'OneCycleLR', etaMax: 0.1, totalSteps: 1200, anneal: 'cos', divFactor: 25 },
    ]);
  });

  it('a running average, with the defaults of its kind', () => {
    const ema = (hook: string) => {
      const text = `_base_: retinanet/retinanet_r50_fpn_1x_coco.yaml\ncustom_hooks:\n  - {type: NumClassCheckHook}\n  - {type: EMAHook${hook}}\n`;
      const { config, problems } = loadConfig(files, { name: 'a.yaml', text });
      expect(problems).toEqual([]);
      return config && emaOptions(config);
    };
    expect(ema('')).toEqual({
      type: 'ExponentialMovingAverage',
      momentum: 0.0002,
      gamma: 0,
      interval: 1,
      updateBuffers: false,
      beginIter: 0,
      beginEpoch: 0,
    });
    expect(
      ema(', ema_type: ExpMomentumEMA, momentum: 0.0001, update_buffers: true, priority: 49'),
    ).toMatchObject({ type: 'ExpMomentumEMA', momentum: 1e-4, gamma: 2000, updateBuffers: true });
    expect(ema(', ema_type: MomentumAnnealingEMA, begin_epoch: 3')).toMatchObject({
      gamma: 100,
      beginEpoch: 3,
    });
    const { config: preset } = loadConfig(files, 'retinanet/retinanet_r50_fpn_1x_coco');
    expect(preset && emaOptions(preset)).toBeNull();
  });
});
