import type { StepOf } from '../../config/schema/pipeline.ts';
import { resizeImage } from '../pixels/resize-image.ts';
import { rescaleSize } from '../pixels/rescale-size.ts';
import { padColour, padTo } from './pad.ts';
import type { Transform } from './pipeline-sample.ts';
import { resizing, withResized } from './resize.ts';

/**
 * MMDetection's FixShapeResize: exactly `width` × `height`. With keep_ratio the image is fitted in and padded on the right
 * and bottom; boxes are then multiplied by the one ratio, not by what rounding made of each side.
 */
export function fixShapeResize(step: StepOf<'FixShapeResize'>): Transform {
  const { width, height, keep_ratio: keepRatio, clip_object_border: clip } = step;
  if (!keepRatio) return resizing(() => ({ scale: [width, height], keepRatio }), clip);
  const colour = padColour(step.pad_val);
  return {
    heavy: true,
    apply: (sample) => {
      const from = sample.image;
      const ratio = Math.min(width / from.width, height / from.height);
      const inner: [number, number] = [
        Math.max(1, Math.trunc(from.width * ratio + 0.5)),
        Math.max(1, Math.trunc(from.height * ratio + 0.5)),
      ];
      // As in MMDetection, the fitted size goes through Resize's own rounding once more
      const fitted = rescaleSize(from.width, from.height, inner, true);
      const image = resizeImage(from, fitted.width, fitted.height);
      const placed = withResized(sample, image, [ratio, ratio], clip);
      return { ...placed, image: padTo(image, width, height, colour) };
    },
  };
}
