import { translateBoxes } from '../../boxes/convert.ts';
import type { StepOf } from '../../config/schema/pipeline.ts';
import { canvasLike, paste } from '../pixels/pixel-image.ts';
import { fromBgr, uniform } from './pipeline-sample.ts';
import type { Transform } from './pipeline-sample.ts';

/**
 * MMDetection's Expand (SSD): with probability `prob` the image is placed somewhere on a canvas of `mean`, larger by a
 * drawn ratio. Without `to_rgb` the colour is given blue first.
 */
export function expand(step: StepOf<'Expand'>): Transform {
  const colour = step.to_rgb ? step.mean : fromBgr(step.mean);
  return {
    heavy: true,
    apply: (sample, random) => {
      if (random.float() > step.prob) return sample;
      const { image } = sample;
      const { width, height } = image;
      const ratio = uniform(random, ...step.ratio_range);
      const left = Math.trunc(uniform(random, 0, width * ratio - width));
      const top = Math.trunc(uniform(random, 0, height * ratio - height));
      const canvas = canvasLike(
        image,
        Math.trunc(width * ratio),
        Math.trunc(height * ratio),
        colour,
      );
      paste(image, canvas, { fromX: 0, fromY: 0, toX: left, toY: top, width, height });
      return { ...sample, image: canvas, boxes: translateBoxes(sample.boxes, left, top) };
    },
  };
}
