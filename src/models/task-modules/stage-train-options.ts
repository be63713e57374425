import type { MaxIouAssignOptions } from '../../ops/matcher/max-iou-assign.ts';
import type { SamplerSpec } from './sampler-spec.ts';

/** `train_cfg` of one stage of a two-stage detector: who is positive, and who is looked at. */
export interface StageTrainOptions {
  readonly assigner: MaxIouAssignOptions;
  readonly sampler: SamplerSpec;
  /** Weight of positives in the classification loss; 1 in all shipped configs. */
  readonly posWeight: number;
}
