import type { MaxIouAssignInput, MaxIouAssignOptions } from '../../ops/matcher/max-iou-assign.ts';
import type { DetectionBatch } from '../detectors/detector.ts';
import type { DetectorRules } from '../rules.ts';

/** A batch's ground truths and a config's thresholds as the matcher takes them. */
export function matcherInput(
  { gtBoxes, gtLabels, gtCounts, gtIgnore }: DetectionBatch,
  options: MaxIouAssignOptions,
  rules: DetectorRules,
): Omit<MaxIouAssignInput, 'anchors' | 'valid' | 'numClasses'> {
  return {
    gtBoxes,
    gtLabels,
    gtCounts,
    ...(gtIgnore === null
      ? {}
      : { gtIgnoreBoxes: gtIgnore.boxes, gtIgnoreCounts: gtIgnore.counts }),
    options: {
      ...options,
      // Without boxes to ignore the threshold has nothing to act on.
      ...(gtIgnore === null ? { ignoreIofThr: -1 } : {}),
      lowQualityBy: rules === 'torchvision' ? 'prior' : 'gt',
    },
  };
}
