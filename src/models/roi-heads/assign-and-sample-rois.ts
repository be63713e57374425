import { maxIouAssign } from '../../ops/matcher/max-iou-assign.ts';
import { concatProposals } from '../../ops/roi-sampler/concat-proposals.ts';
import { sampleRois } from '../../ops/roi-sampler/sample-rois.ts';
import type { SampledRois } from '../../ops/roi-sampler/sample-rois.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import type { DetectionBatch } from '../detectors/detector.ts';
import type { CoderSpec } from '../losses/loss-options.ts';
import { matcherInput } from '../task-modules/matcher-input.ts';
import type { DetectorRules } from '../rules.ts';
import type { StageTrainOptions } from '../task-modules/stage-train-options.ts';

/** Boxes that the second stage looks at, best first, padded to P. */
export interface Proposals {
  /** float32 [B, P, 4] xyxy in input pixels */
  readonly boxes: Tensor;
  /** int32 [B] */
  readonly counts: Tensor;
}

export interface RoiSampling extends StageTrainOptions {
  readonly rules: DetectorRules;
  /** K: classes without the background. */
  readonly numClasses: number;
  readonly coder: CoderSpec;
}

/**
 * Which proposals the second stage is trained on. MMDetection assigns the proposals alone, then puts the ground truths
 * before them; torchvision puts them behind and assigns all, and its labels count from 1 with 0 for the background.
 */
export function assignAndSampleRois(
  proposals: Proposals,
  batch: DetectionBatch,
  options: RoiSampling,
): SampledRois {
  const { rules, assigner, sampler, numClasses, coder } = options;
  const torchvision = rules === 'torchvision';
  const joined =
    torchvision && sampler.addGtAsProposals
      ? concatProposals({
          proposals: proposals.boxes,
          proposalCounts: proposals.counts,
          gtBoxes: batch.gtBoxes,
          gtCounts: batch.gtCounts,
        })
      : { proposals: proposals.boxes, counts: proposals.counts };
  const { assigned } = maxIouAssign({
    ...matcherInput(batch, assigner, rules),
    anchors: joined.proposals,
    valid: joined.counts,
    numClasses,
  });
  return sampleRois({
    mode: sampler.mode,
    num: sampler.num,
    posFraction: sampler.posFraction,
    negPosUb: sampler.negPosUb,
    proposals: joined.proposals,
    proposalCounts: joined.counts,
    gtBoxes: batch.gtBoxes,
    gtLabels: torchvision ? tf.add(batch.gtLabels, tf.scalar(1, 'int32')) : batch.gtLabels,
    gtCounts: batch.gtCounts,
    assigned,
    randomKey: batch.randomKey,
    addGts: sampler.addGtAsProposals && !torchvision ? 'first' : 'none',
    order: torchvision ? 'index' : 'positives-first',
    numClasses,
    backgroundLabel: torchvision ? 0 : numClasses,
    coder,
  });
}
