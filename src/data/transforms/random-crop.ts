import type { Rng } from '../../base/rng.ts';
import { clipBoxes, translateBoxes } from '../../boxes/convert.ts';
import type { StepOf } from '../../config/schema/pipeline.ts';
import { cropImage } from '../pixels/pixel-image.ts';
import { keepInside } from './pipeline-sample.ts';
import type { Transform } from './pipeline-sample.ts';

/**
 * MMDetection's RandomCrop: a crop of the size that `crop_type` and `crop_size` ([width, height]) give, anywhere in the
 * image, at most as large as it. Boxes outside are left out; a crop without boxes is dropped unless allowed.
 */
export function randomCrop(step: StepOf<'RandomCrop'>): Transform {
  return {
    heavy: false,
    apply: (sample, random) => {
      const { image } = sample;
      const [width, height] = cropSize(step, image, random);
      const y = random.int(0, image.height - height + 1);
      const x = random.int(0, image.width - width + 1);
      const moved = translateBoxes(sample.boxes, -x, -y);
      const boxes = step.bbox_clip_border ? clipBoxes(moved, width, height) : moved;
      const cropped = keepInside({ ...sample, boxes }, width, height);
      if (cropped.labels.length === 0 && !step.allow_negative_crop) return undefined;
      return { ...cropped, image: cropImage(image, x, y, width, height) };
    },
  };
}

/** [width, height] of the crop, at least one pixel each. */
function cropSize(
  step: StepOf<'RandomCrop'>,
  image: { readonly width: number; readonly height: number },
  random: Rng,
): readonly [number, number] {
  const [a, b] = step.crop_size;
  const { width, height } = image;
  const share = (side: number, of: number): number => Math.max(1, Math.trunc(side * of + 0.5));
  switch (step.crop_type) {
    case 'absolute':
      return [Math.min(a, width), Math.min(b, height)];
    case 'absolute_range': {
      const high = random.int(Math.min(height, a), Math.min(height, b) + 1);
      const wide = random.int(Math.min(width, a), Math.min(width, b) + 1);
      return [wide, high];
    }
    case 'relative':
      return [share(width, a), share(height, b)];
    case 'relative_range': {
      // MMDetection 3.3.0 draws the height from the first number here
      const [low0, low1] = [Math.fround(a), Math.fround(b)];
      const high = low0 + random.float() * Math.fround(1 - low0);
      const wide = low1 + random.float() * Math.fround(1 - low1);
      return [share(width, wide), share(height, high)];
    }
  }
}
