import type { StepOf } from '../../config/schema/pipeline.ts';
import { keepLabels } from './pipeline-sample.ts';
import type { Transform } from './pipeline-sample.ts';

/**
 * MMDetection's FilterAnnotations: only boxes wider and higher than `min_gt_bbox_wh` stay. An image that had boxes and
 * loses all is dropped when `keep_empty` is true (the name says the opposite; so does MMDetection's code).
 */
export function filterAnnotations(step: StepOf<'FilterAnnotations'>): Transform {
  const [minWidth, minHeight] = step.min_gt_bbox_wh;
  return {
    heavy: false,
    apply: (sample) => {
      if (sample.labels.length === 0) return sample;
      const kept = keepLabels(
        sample,
        (x1, y1, x2, y2) => Math.fround(x2 - x1) > minWidth && Math.fround(y2 - y1) > minHeight,
      );
      return kept.labels.length === 0 && step.keep_empty ? undefined : kept;
    },
  };
}
