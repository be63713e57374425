import { maxIouAssign } from '../../ops/matcher/max-iou-assign.ts';
import { concatProposals } from '../../ops/roi-sampler/concat-proposals.ts';
import { sampleRois } from '../../ops/roi-sampler/sample-rois.ts';
import type { SampledRois } from '../../ops/roi-sampler/sample-rois.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import type { DetectionBatch } from '../detectors/detector.ts';
import type { CoderSpec } from '../losses/loss-options.ts';
import type { DetectorRules } from '../rules.ts';
import type { StageTrainOptions } from '../task-modules/stage-train-options.ts';

/** Proposals of a batch, best first, padded to P. */
export interface Proposals {
  /** float32 [B, P, 4] xyxy in input pixels */
  readonly boxes: Tensor;
  /** float32 [B, P] */
  readonly scores: Tensor;
  /** int32 [B] */
  readonly counts: Tensor;
}
