import type { StepOf } from '../../config/schema/pipeline.ts';
import type { Transform } from './pipeline-sample.ts';
import { resizing } from './resize.ts';

/** MMDetection's ResizeShortestEdge: the shorter side gets `scale` pixels, the longer one at most `max_size`. */
export function resizeShortestEdge(step: StepOf<'ResizeShortestEdge'>): Transform {
  const { scale, max_size: maxSize, keep_ratio: keepRatio } = step;
  const shortEdge = typeof scale === 'number' ? scale : Math.min(...scale);
  return resizing(() => ({ shortEdge, maxSize, keepRatio }), step.clip_object_border);
}
