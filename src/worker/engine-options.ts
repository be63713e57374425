import { UserError } from '../base/errors.ts';
import type { ModelOptions, OptimOptions } from '../config/resolved.ts';
import type { DetectorOptions } from '../models/detectors/list.ts';
import type { OptimizerOptions } from '../train/optimizers/optimizer.ts';

/**
 * The detector's options from the config's.
 *
 * @throws UserError `config-unsupported`, with the key, for what the engine does not do
 */
export function detectorOptions(model: ModelOptions): DetectorOptions {
  const { head, fpn, assigner } = model;
  if (assigner.ignoreIofThr > 0) {
    throw new UserError({
      code: 'config-unsupported',
      what: `ignore_iof_thr is ${assigner.ignoreIofThr}; ignore regions are not used in training yet.`,
      action: 'Set it to −1, as all of MMDetection’s RetinaNet configs do.',
      place: { key: 'model.train_cfg.assigner.ignore_iof_thr' },
    });
  }
  if (model.posWeight !== 1) {
    throw new UserError({
      code: 'config-unsupported',
      what: `pos_weight is ${model.posWeight}; a weight for positives is not built yet.`,
      action: 'Set it to −1, as all of MMDetection’s RetinaNet configs do.',
      place: { key: 'model.train_cfg.pos_weight' },
    });
  }
  return {
    type: 'RetinaNet',
    rules: 'mmdetection',
    backbone: {
      depth: model.depth,
      baseChannels: model.baseChannels,
      frozenStages: model.frozenStages,
      normEval: model.normEval,
      normTrainable: model.normRequiresGrad,
      style: model.style,
      zeroInitResidual: model.zeroInitResidual,
    },
    neck: {
      outChannels: fpn.outChannels,
      startLevel: fpn.startLevel,
      numOuts: fpn.numOuts,
      addExtraConvs: fpn.addExtraConvs,
      reluBeforeExtraConvs: fpn.reluBeforeExtraConvs,
    },
    head: {
      numClasses: head.numClasses,
      featChannels: head.featChannels,
      stackedConvs: head.stackedConvs,
    },
    anchors: {
      type: 'AnchorGenerator',
      strides: head.anchors.strides,
      ratios: head.anchors.ratios,
      scales: head.anchors.scales,
      baseSizes: head.anchors.baseSizes,
      scaleMajor: head.anchors.scaleMajor,
      centerOffset: head.anchors.centerOffset,
    },
    coder: head.coder,
    lossCls: {
      gamma: head.lossCls.gamma,
      alpha: head.lossCls.alpha,
      lossWeight: head.lossCls.weight,
    },
    lossBbox: {
      type: head.lossBbox.type === 'l1' ? 'L1Loss' : 'SmoothL1Loss',
      beta: head.lossBbox.beta,
      lossWeight: head.lossBbox.weight,
    },
    assigner,
    test: model.test,
    preprocess: { mean: model.mean, std: model.std, rgb: model.bgrToRgb },
  };
}

/** The optimiser's options from the config's. */
export function optimizerOptions(optim: OptimOptions): OptimizerOptions {
  const { type, momentum, nesterov, weightDecay, betas, eps, paramwise, clipMaxNorm } = optim;
  return {
    algorithm:
      type === 'sgd'
        ? { type: 'SGD', momentum, nesterov, weightDecay }
        : { type: 'AdamW', betas, eps, weightDecay },
    paramwise,
    clipMaxNorm: clipMaxNorm ?? 0,
  };
}
