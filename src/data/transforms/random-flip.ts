import { flipBoxes } from '../../boxes/convert.ts';
import type { StepOf } from '../../config/schema/pipeline.ts';
import { flipImage } from '../pixels/flip.ts';
import type { Transform } from './pipeline-sample.ts';

/**
 * MMDetection's RandomFlip: at most one of the directions is drawn. One probability is shared equally among several
 * directions; a list gives each its own.
 */
export function randomFlip(step: StepOf<'RandomFlip'>): Transform {
  const directions = Array.isArray(step.direction) ? step.direction : [step.direction];
  const shared = Array.isArray(step.prob) ? undefined : step.prob / directions.length;
  const probs = directions.map((_, i) => shared ?? [step.prob].flat()[i] ?? 0);
  return {
    heavy: false,
    apply: (sample, random) => {
      const drawn = random.float();
      let below = 0;
      const direction = directions.find((_, i) => drawn < (below += probs[i] ?? 0));
      if (direction === undefined) return { ...sample, flipDirection: null };
      const { width, height } = sample.image;
      return {
        ...sample,
        image: flipImage(sample.image, direction),
        boxes: flipBoxes(sample.boxes, width, height, direction),
        flipDirection: direction,
      };
    },
  };
}
