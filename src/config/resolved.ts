import type { Config } from './schema/config-schema.ts';
import type { TrainPlan } from './train-plan.ts';

/**
 * The checked config as plain options in the words of the engine. snake_case and MMDetection's nesting end here.
 */

export interface AnchorOptions {
  /** [w, h] in pixels, per level. */
  readonly strides: readonly (readonly [number, number])[];
  /** Height / width. */
  readonly ratios: readonly number[];
  /** Sides in strides (times base size): `octaveBaseScale · 2^(i / scalesPerOctave)`, or the given scales. */
  readonly scales: readonly number[];
  readonly octaveBaseScale: number | null;
  readonly scalesPerOctave: number | null;
  /** Base size per level in pixels. */
  readonly baseSizes: readonly number[];
  /** Anchor order in a cell: true = for each ratio all scales. */
  readonly scaleMajor: boolean;
  /** Shift of the centre in base sizes. */
  readonly centerOffset: number;
}

export interface ModelOptions {
  readonly depth: 18 | 34 | 50 | 101 | 152;
  readonly baseChannels: number;
  readonly outIndices: readonly number[];
  /** -1 nothing, 0 the stem, k the stem and stages 1 … k. */
  readonly frozenStages: number;
  readonly normEval: boolean;
  /** Whether BatchNorm scale and shift train. */
  readonly normRequiresGrad: boolean;
  readonly style: 'pytorch' | 'caffe';
  readonly zeroInitResidual: boolean;
  /** Where weights come from (`torchvision://resnet50`), or null: random. */
  readonly pretrained: string | null;
  readonly fpn: {
    readonly inChannels: readonly number[];
    readonly outChannels: number;
    readonly startLevel: number;
    readonly addExtraConvs: 'on_input' | 'on_lateral' | 'on_output' | false;
    readonly numOuts: number;
    readonly reluBeforeExtraConvs: boolean;
  };
  readonly head: {
    readonly numClasses: number;
    readonly inChannels: number;
    readonly stackedConvs: number;
    readonly featChannels: number;
    readonly anchors: AnchorOptions;
    readonly coder: { readonly means: Quad; readonly stds: Quad };
    readonly lossCls: { readonly gamma: number; readonly alpha: number; readonly weight: number };
    readonly lossBbox: {
      readonly type: 'l1' | 'smooth-l1';
      readonly weight: number;
      readonly beta: number;
    };
  };
  readonly assigner: {
    readonly posIouThr: number;
    /** Below the number, or from the first to below the second. */
    readonly negIouThr: number | readonly [number, number];
    readonly minPosIou: number;
    readonly matchLowQuality: boolean;
    readonly gtMaxAssignAll: boolean;
    readonly ignoreIofThr: number;
  };
  /** Weight of positive anchors in the classification loss. */
  readonly posWeight: number;
  readonly test: {
    readonly nmsPre: number;
    readonly minBboxSize: number;
    readonly scoreThr: number;
    readonly nmsIouThr: number;
    readonly maxPerImg: number;
  };
  /** Per channel in 0 … 255, in the order the network sees (RGB when bgrToRgb). */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  readonly bgrToRgb: boolean;
  readonly padSizeDivisor: number;
}

type Quad = readonly [number, number, number, number];

/** `model` of the config. */
export function modelOptions(config: Config): ModelOptions {
  const { backbone, neck, bbox_head: head, train_cfg: train, test_cfg: test } = config.model;
  const { data_preprocessor: input } = config.model;
  const { assigner } = train;
  return {
    depth: backbone.depth,
    baseChannels: backbone.base_channels,
    outIndices: backbone.out_indices,
    frozenStages: backbone.frozen_stages,
    normEval: backbone.norm_eval,
    normRequiresGrad: backbone.norm_cfg.requires_grad,
    style: backbone.style,
    zeroInitResidual: backbone.zero_init_residual,
    pretrained: backbone.init_cfg?.checkpoint ?? backbone.pretrained,
    fpn: {
      inChannels: neck.in_channels,
      outChannels: neck.out_channels,
      startLevel: neck.start_level,
      addExtraConvs: neck.add_extra_convs === true ? 'on_input' : neck.add_extra_convs,
      numOuts: neck.num_outs,
      reluBeforeExtraConvs: neck.relu_before_extra_convs,
    },
    head: {
      numClasses: head.num_classes,
      inChannels: head.in_channels,
      stackedConvs: head.stacked_convs,
      featChannels: head.feat_channels,
      anchors: anchorOptions(head.anchor_generator),
      coder: { means: head.bbox_coder.target_means, stds: head.bbox_coder.target_stds },
      lossCls: {
        gamma: head.loss_cls.gamma,
        alpha: head.loss_cls.alpha,
        weight: head.loss_cls.loss_weight,
      },
      lossBbox: bboxLoss(head.loss_bbox),
    },
    assigner: {
      posIouThr: assigner.pos_iou_thr,
      negIouThr: assigner.neg_iou_thr,
      minPosIou: assigner.min_pos_iou,
      matchLowQuality: assigner.match_low_quality,
      gtMaxAssignAll: assigner.gt_max_assign_all,
      ignoreIofThr: assigner.ignore_iof_thr,
    },
    posWeight: train.pos_weight <= 0 ? 1 : train.pos_weight,
    test: {
      nmsPre: test.nms_pre,
      minBboxSize: test.min_bbox_size,
      scoreThr: test.score_thr,
      nmsIouThr: test.nms.iou_threshold,
      maxPerImg: test.max_per_img,
    },
    mean: input.mean,
    std: input.std,
    bgrToRgb: input.bgr_to_rgb,
    padSizeDivisor: input.pad_size_divisor,
  };
}

function anchorOptions(anchors: Config['model']['bbox_head']['anchor_generator']): AnchorOptions {
  const strides = anchors.strides.map((stride): [number, number] =>
    typeof stride === 'number' ? [stride, stride] : stride,
  );
  const { octave_base_scale: base, scales_per_octave: perOctave } = anchors;
  const octaves =
    base === null || perOctave === null
      ? []
      : Array.from({ length: perOctave }, (_, i) => base * 2 ** (i / perOctave));
  return {
    strides,
    ratios: anchors.ratios,
    scales: anchors.scales ?? octaves,
    octaveBaseScale: base,
    scalesPerOctave: perOctave,
    baseSizes: anchors.base_sizes ?? strides.map(([w, h]) => Math.min(w, h)),
    scaleMajor: anchors.scale_major,
    centerOffset: anchors.center_offset,
  };
}

function bboxLoss(
  loss: Config['model']['bbox_head']['loss_bbox'],
): ModelOptions['head']['lossBbox'] {
  return loss.type === 'L1Loss'
    ? { type: 'l1', weight: loss.loss_weight, beta: 0 }
    : { type: 'smooth-l1', weight: loss.loss_weight, beta: loss.beta };
}

export interface OptimOptions {
  readonly type: 'sgd' | 'adamw';
  /** Learning rate before the schedule; already scaled by the batch size when auto_scale_lr is on. */
  readonly lr: number;
  /** 1, or batch_size / base_batch_size when auto_scale_lr is on. */
  readonly lrScale: number;
  /** SGD; 0 for AdamW. */
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  /** AdamW; [0, 0] for SGD. */
  readonly betas: readonly [number, number];
  readonly eps: number;
  /** Global L2 norm; null = not clipped. */
  readonly clipMaxNorm: number | null;
  readonly paramwise: {
    readonly normDecayMult: number;
    readonly biasDecayMult: number;
    readonly biasLrMult: number;
    /** Longest key first: a parameter takes the first key that its name contains. */
    readonly customKeys: readonly {
      readonly key: string;
      readonly lrMult: number;
      readonly decayMult: number;
    }[];
  };
}

/** `optim_wrapper` and `auto_scale_lr` of the config. */
export function optimOptions(config: Config): OptimOptions {
  const { optimizer, clip_grad: clip, paramwise_cfg: paramwise } = config.optim_wrapper;
  const scale = config.auto_scale_lr;
  const lrScale =
    scale?.enable === true ? config.train_dataloader.batch_size / scale.base_batch_size : 1;
  const sgd = optimizer.type === 'SGD';
  return {
    type: sgd ? 'sgd' : 'adamw',
    lr: optimizer.lr * lrScale,
    lrScale,
    momentum: sgd ? optimizer.momentum : 0,
    nesterov: sgd && optimizer.nesterov,
    weightDecay: optimizer.weight_decay,
    betas: sgd ? [0, 0] : optimizer.betas,
    eps: sgd ? 0 : optimizer.eps,
    clipMaxNorm: clip?.max_norm ?? null,
    paramwise: {
      normDecayMult: paramwise?.norm_decay_mult ?? 1,
      biasDecayMult: paramwise?.bias_decay_mult ?? 1,
      biasLrMult: paramwise?.bias_lr_mult ?? 1,
      customKeys: customKeys(paramwise?.custom_keys ?? {}),
    },
  };
}

// MMEngine sorts alphabetically first, then stably by length, longest first.
function customKeys(
  keys: Readonly<Record<string, { lr_mult?: number | undefined; decay_mult?: number | undefined }>>,
): OptimOptions['paramwise']['customKeys'] {
  return Object.entries(keys)
    .map(([key, value]) => ({ key, lrMult: value.lr_mult ?? 1, decayMult: value.decay_mult ?? 1 }))
    .sort((a, b) => b.key.length - a.key.length || (a.key < b.key ? -1 : 1));
}

interface Span {
  /** First epoch or iteration in which it acts. */
  readonly begin: number;
  /** One after the last; the end of training when the config leaves it out, as in MMEngine. Infinity = never ends. */
  readonly end: number;
  readonly byEpoch: boolean;
  /** Epochs are turned into iterations, so that an epoch schedule moves every iteration. */
  readonly convertToIterBased: boolean;
}

/** One schedule, as `createLrSchedule` (train/schedules) takes it. */
export type SchedulerOptions = Span &
  (
    | { readonly type: 'LinearLR'; readonly startFactor: number; readonly endFactor: number }
    | {
        readonly type: 'MultiStepLR';
        readonly milestones: readonly number[];
        readonly gamma: number;
      }
    | { readonly type: 'ConstantLR'; readonly factor: number }
    | {
        readonly type: 'CosineAnnealingLR';
        readonly tMax: number;
        /** Lowest rate; or null, then `etaMinRatio` times the base rate. */
        readonly etaMin: number | null;
        readonly etaMinRatio: number | null;
      }
  );

/** `param_scheduler` of the config, in order, for a run of the given length. */
export function scheduleOptions(config: Config, plan: TrainPlan): SchedulerOptions[] {
  const schedulers = config.param_scheduler === null ? [] : [config.param_scheduler].flat();
  const loop = config.train_cfg;
  return schedulers.map((scheduler) => {
    // IterBasedTrainLoop counts the whole run as one epoch.
    const maxEpochs = loop.type === 'EpochBasedTrainLoop' ? loop.max_epochs : 1;
    const span: Span = {
      begin: scheduler.begin,
      end: scheduler.end ?? (scheduler.by_epoch ? maxEpochs : plan.iterations),
      byEpoch: scheduler.by_epoch,
      convertToIterBased: scheduler.convert_to_iter_based,
    };
    switch (scheduler.type) {
      case 'LinearLR':
        return {
          ...span,
          type: 'LinearLR',
          startFactor: scheduler.start_factor,
          endFactor: scheduler.end_factor,
        };
      case 'MultiStepLR':
        return {
          ...span,
          type: 'MultiStepLR',
          milestones: scheduler.milestones,
          gamma: scheduler.gamma,
        };
      case 'ConstantLR':
        return { ...span, type: 'ConstantLR', factor: scheduler.factor };
      case 'CosineAnnealingLR':
        return {
          ...span,
          type: 'CosineAnnealingLR',
          tMax: scheduler.T_max ?? span.end - span.begin,
          etaMin: scheduler.eta_min ?? null,
          etaMinRatio: scheduler.eta_min_ratio ?? null,
        };
    }
  });
}

export interface HookOptions {
  /** Iterations between two log lines. */
  readonly logInterval: number;
  /** Epochs or iterations between two checkpoints; -1 = only the last. */
  readonly checkpointInterval: number;
  readonly checkpointByEpoch: boolean;
  /** -1 keeps all. */
  readonly maxKeepCheckpoints: number;
  /** The seed of the config, or null: the session draws one. */
  readonly seed: number | null;
}

/** `default_hooks` and `randomness` of the config. */
export function hookOptions(config: Config): HookOptions {
  const { logger, checkpoint } = config.default_hooks;
  return {
    logInterval: logger?.interval ?? 10,
    checkpointInterval: checkpoint?.interval ?? -1,
    checkpointByEpoch: checkpoint?.by_epoch ?? true,
    maxKeepCheckpoints: checkpoint?.max_keep_ckpts ?? -1,
    seed: config.randomness.seed,
  };
}
