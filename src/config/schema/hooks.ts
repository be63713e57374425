import { z } from 'zod';
import { count, index, kept, positive, typed } from './parts.ts';

const loggerHook = typed('LoggerHook', {
  interval: count.default(10).describe('Iterations between two log lines'),
  ignore_last: z.boolean().default(true),
  interval_exp_name: kept.optional(),
  out_dir: kept.optional(),
  out_suffix: kept.optional(),
  keep_local: kept.optional(),
  file_client_args: kept.optional(),
  log_metric_by_epoch: z.boolean().default(true),
  backend_args: kept.optional(),
});

const checkpointHook = typed('CheckpointHook', {
  interval: z
    .int()
    .min(-1)
    .default(-1)
    .describe('Epochs (or iterations) between two checkpoints; -1 = only the last'),
  by_epoch: z.boolean().default(true).describe('True counts epochs, false iterations'),
  save_optimizer: z.boolean().default(true),
  save_param_scheduler: z.boolean().default(true),
  out_dir: kept.optional(),
  max_keep_ckpts: z
    .int()
    .min(-1)
    .default(-1)
    .describe('Older checkpoints beyond this number are removed; -1 keeps all'),
  save_last: z.boolean().default(true),
  save_best: z
    .union([z.string(), z.array(z.string())])
    .nullable()
    .default(null)
    .describe('Metric whose best checkpoint is kept, or `auto`'),
  rule: z
    .union([z.enum(['greater', 'less']), z.array(z.enum(['greater', 'less']))])
    .nullable()
    .default(null),
  greater_keys: kept.optional(),
  less_keys: kept.optional(),
  file_client_args: kept.optional(),
  filename_tmpl: z.string().nullable().default(null),
  backend_args: kept.optional(),
  published_keys: kept.optional(),
  save_begin: index.default(0),
});

const visualizationHook = typed('DetVisualizationHook', {
  draw: z.boolean().default(false),
  interval: count.default(50),
  score_thr: z.number().default(0.3),
  show: kept.optional(),
  wait_time: kept.optional(),
  test_out_dir: kept.optional(),
  backend_args: kept.optional(),
});

const sectionOf = <S extends z.ZodType>(schema: S) => schema.nullable().optional();

/** The hooks that every run has; each may be changed or, with null, left out. */
export const defaultHooksSchema = z.strictObject({
  runtime_info: sectionOf(typed('RuntimeInfoHook', {})),
  timer: sectionOf(typed('IterTimerHook', {})),
  logger: sectionOf(z.discriminatedUnion('type', [loggerHook])),
  param_scheduler: sectionOf(typed('ParamSchedulerHook', {})),
  checkpoint: sectionOf(z.discriminatedUnion('type', [checkpointHook])),
  sampler_seed: sectionOf(typed('DistSamplerSeedHook', {})),
  visualization: sectionOf(z.discriminatedUnion('type', [visualizationHook])),
});

/** A running average of the weights: it is what is evaluated and saved. */
const emaHook = typed('EMAHook', {
  ema_type: z
    .enum([
      'ExponentialMovingAverage',
      'ExpMomentumEMA',
      'MomentumAnnealingEMA',
      'StochasticWeightAverage',
    ])
    .default('ExponentialMovingAverage'),
  momentum: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.0002)
    .describe('Share of the present weights in each update; ExpMomentumEMA falls towards it'),
  gamma: positive
    .optional()
    .describe('How long the share stays larger. ExpMomentumEMA 2000, MomentumAnnealingEMA 100'),
  interval: count.default(1).describe('Iterations between two updates'),
  update_buffers: z.boolean().default(false).describe('Average the statistics of batch norms too'),
  begin_iter: index.default(0).describe('First iteration that counts'),
  begin_epoch: index.default(0).describe('First epoch that counts; instead of begin_iter'),
  strict_load: kept.optional(),
  device: kept.optional(),
  priority: kept.optional(),
});

/** EMAHook, and hooks that say what Anchorage does anyway; others cannot be run. */
export const customHookSchema = z.discriminatedUnion('type', [
  emaHook,
  typed('NumClassCheckHook', {}),
  typed('CheckInvalidLossHook', { interval: count.default(50), priority: kept.optional() }),
]);
