import type { Config } from './schema/config-schema.ts';

/**
 * The checked config as plain options in the words of the engine. snake_case and MMDetection's nesting end here.
 */

export interface OptimOptions {
  readonly type: 'sgd' | 'adam' | 'adamw';
  /** Learning rate before the schedule; already scaled by the batch size when auto_scale_lr is on. */
  readonly lr: number;
  /** 1, or batch_size / base_batch_size when auto_scale_lr is on. */
  readonly lrScale: number;
  /** SGD; 0 for the others. */
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  /** Adam and AdamW; [0, 0] for SGD. */
  readonly betas: readonly [number, number];
  readonly eps: number;
  /** Global L2 norm; null = not clipped. */
  readonly clipMaxNorm: number | null;
  /** Gradient elements are clamped to ±this; null = not clamped. */
  readonly clipValue: number | null;
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

const OPTIMIZERS = { SGD: 'sgd', Adam: 'adam', AdamW: 'adamw' } as const;

/** `optim_wrapper` and `auto_scale_lr` of the config. */
export function optimOptions(config: Config): OptimOptions {
  const { optimizer, clip_grad: clip, paramwise_cfg: paramwise } = config.optim_wrapper;
  const scale = config.auto_scale_lr;
  const lrScale =
    scale?.enable === true ? config.train_dataloader.batch_size / scale.base_batch_size : 1;
  const sgd = optimizer.type === 'SGD';
  return {
    type: OPTIMIZERS[optimizer.type],
    lr: optimizer.lr * lrScale,
    lrScale,
    momentum: sgd ? optimizer.momentum : 0,
    nesterov: sgd && optimizer.nesterov,
    weightDecay: optimizer.weight_decay,
    betas: sgd ? [0, 0] : optimizer.betas,
    eps: sgd ? 0 : optimizer.eps,
    clipMaxNorm: clip?.type === 'norm' ? (clip.max_norm ?? null) : null,
    clipValue: clip?.type === 'value' ? (clip.clip_value ?? null) : null,
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

/** EMAHook of `custom_hooks`. */
export interface EmaHookOptions {
  readonly type:
    | 'ExponentialMovingAverage'
    | 'ExpMomentumEMA'
    | 'MomentumAnnealingEMA'
    | 'StochasticWeightAverage';
  readonly momentum: number;
  /** 0 for types without one. */
  readonly gamma: number;
  readonly interval: number;
  readonly updateBuffers: boolean;
  /** First iteration or epoch (1-based) that counts; at most one of them is above 0. */
  readonly beginIter: number;
  readonly beginEpoch: number;
}

const EMA_GAMMA = {
  ExpMomentumEMA: 2000,
  MomentumAnnealingEMA: 100,
  ExponentialMovingAverage: 0,
  StochasticWeightAverage: 0,
} as const;

/** The average that the config asks for, or null. */
export function emaOptions(config: Config): EmaHookOptions | null {
  const hook = config.custom_hooks?.find(({ type }) => type === 'EMAHook');
  if (hook?.type !== 'EMAHook') return null;
  return {
    type: hook.ema_type,
    momentum: hook.momentum,
    gamma: hook.gamma ?? EMA_GAMMA[hook.ema_type],
    interval: hook.interval,
    updateBuffers: hook.update_buffers,
    beginIter: hook.begin_iter,
    beginEpoch: hook.begin_epoch,
  };
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
