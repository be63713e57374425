import { z } from 'zod';
import { kept, only } from './parts.ts';

export const randomnessSchema = z.strictObject({
  seed: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe(
      'Start of all random numbers, 0 … 2^53 − 1; null draws one and stores it with the run',
    ),
  diff_rank_seed: z.boolean().default(false),
  deterministic: z.boolean().default(false).describe('Runs are always repeatable here'),
});

/** Keys that MMEngine's runner reads and that change nothing here. They are kept, so that a config survives the round trip. */
export const runtimeKeys = {
  default_scope: z.string().nullable().default('mmdet'),
  env_cfg: kept.optional(),
  vis_backends: kept.optional(),
  visualizer: kept.optional(),
  log_processor: kept.optional(),
  log_level: kept.optional(),
  launcher: kept.optional(),
  work_dir: z.string().nullable().optional(),
  experiment_name: z.string().nullable().optional(),
  load_from: z.string().nullable().default(null).describe('Weights to start from'),
  resume: z
    .boolean()
    .default(false)
    .describe('Continue the run of load_from or of the work directory'),
  find_unused_parameters: kept.optional(),
  custom_imports: only(null, 'Python modules cannot be imported'),
};

/** Variables that MMDetection's config files leave at the top level; MMEngine ignores them. */
export const variableKeys = {
  dataset_type: kept.optional(),
  data_root: kept.optional(),
  backend_args: kept.optional(),
  file_client_args: kept.optional(),
  train_pipeline: kept.optional(),
  test_pipeline: kept.optional(),
  max_epochs: kept.optional(),
  max_iters: kept.optional(),
  interval: kept.optional(),
  img_scales: kept.optional(),
  tta_model: kept.optional(),
  tta_pipeline: kept.optional(),
};
