import type { StepOf } from '../../config/schema/pipeline.ts';
import { uniform } from './pipeline-sample.ts';
import type { Transform } from './pipeline-sample.ts';
import { resizing } from './resize.ts';

/**
 * MMDetection's RandomResize. One scale is multiplied by a ratio of `ratio_range`, each side cut to whole pixels; of two
 * scales each side is drawn between those of the two, ends included, width and height on their own.
 */
export function randomResize(step: StepOf<'RandomResize'>): Transform {
  const [a, b] = step.scale;
  const keepRatio = step.keep_ratio;
  if (typeof a === 'number' || typeof b === 'number') {
    const [width, height] = [Number(a), Number(b)];
    const [low, high] = step.ratio_range ?? [1, 1];
    return resizing((random) => {
      const ratio = uniform(random, low, high);
      // mmcv would fail on a side of 0
      const side = (length: number): number => Math.max(1, Math.trunc(length * ratio));
      return { scale: [side(width), side(height)], keepRatio };
    }, step.clip_object_border);
  }
  return resizing((random) => {
    const side = (i: 0 | 1): number => random.int(Math.min(a[i], b[i]), Math.max(a[i], b[i]) + 1);
    return { scale: [side(0), side(1)], keepRatio };
  }, step.clip_object_border);
}
