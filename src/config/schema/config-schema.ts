import { z } from 'zod';
import { dataloaderSchema, evaluatorSchema, metainfoSchema } from './data.ts';
import { customHookSchema, defaultHooksSchema } from './hooks.ts';
import { modelSchema } from './model.ts';
import { autoScaleLrSchema, optimWrapperSchema } from './optim.ts';
import { randomnessSchema, runtimeKeys, variableKeys } from './runtime.ts';
import {
  paramSchedulerSchema,
  testLoopSchema,
  trainLoopSchema,
  valLoopSchema,
} from './schedule.ts';

/**
 * A whole config in MMDetection 3.x keys. Strict: a key that nothing reads is an error, not a silent no-op. Defaults are
 * those of MMDetection's constructors and live here only.
 */
export const configSchema = z.strictObject({
  model: modelSchema,
  metainfo: metainfoSchema.optional(),
  train_dataloader: dataloaderSchema,
  val_dataloader: dataloaderSchema.nullable().default(null),
  test_dataloader: dataloaderSchema.nullable().default(null),
  val_evaluator: evaluatorSchema.nullable().default(null),
  test_evaluator: evaluatorSchema.nullable().default(null),
  train_cfg: trainLoopSchema,
  val_cfg: valLoopSchema.nullable().default(null),
  test_cfg: testLoopSchema.nullable().default(null),
  optim_wrapper: optimWrapperSchema,
  param_scheduler: paramSchedulerSchema,
  auto_scale_lr: autoScaleLrSchema.nullable().default(null),
  default_hooks: defaultHooksSchema.default({}),
  custom_hooks: z.array(customHookSchema).nullable().default([]),
  randomness: randomnessSchema.prefault({}),
  ...runtimeKeys,
  ...variableKeys,
});

/** A checked config with every default filled in. Keys are MMDetection's, in snake_case. */
export type Config = z.output<typeof configSchema>;
