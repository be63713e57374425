import type { StepOf } from '../../config/schema/pipeline.ts';
import type { Transform } from './pipeline-sample.ts';
import { resizing } from './resize.ts';

/** MMDetection's RandomChoiceResize: Resize to one of `scales`, each as likely. */
export function randomChoiceResize(step: StepOf<'RandomChoiceResize'>): Transform {
  const { scales, keep_ratio: keepRatio } = step;
  return resizing((random) => {
    const scale = scales[random.int(0, scales.length)];
    if (scale === undefined) throw new Error('RandomChoiceResize: `scales` is empty');
    return { scale, keepRatio };
  }, step.clip_object_border);
}
