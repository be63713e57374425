import { clipBoxes, scaleBoxes } from '../../boxes/convert.ts';
import type { Rng } from '../../base/rng.ts';
import type { StepOf } from '../../config/schema/pipeline.ts';
import type { PixelImage } from '../pixels/pixel-image.ts';
import { resizeImage } from '../pixels/resize-image.ts';
import { targetSize } from '../pixels/target-size.ts';
import type { ResizeSpec } from '../pixels/target-size.ts';
import type { PipelineSample, Transform } from './pipeline-sample.ts';

/** MMDetection's Resize: boxes × float32(new ÷ old size per axis), then clipped to [0, W] × [0, H] of the new image. */
export function resize(step: StepOf<'Resize'>): Transform {
  const { scale, scale_factor: factor, keep_ratio: keepRatio } = step;
  const spec: ResizeSpec =
    scale === null ? { factor: pair(factor ?? 1), keepRatio } : { scale: pair(scale), keepRatio };
  return resizing(() => spec, step.clip_object_border);
}

/** A step that resizes to what `spec` draws. */
export function resizing(spec: (random: Rng) => ResizeSpec, clip: boolean): Transform {
  return {
    heavy: true,
    resize: { spec, clip },
    apply: (sample, random) => {
      const { width, height } = sample.image;
      const target = targetSize(width, height, spec(random));
      const image = resizeImage(sample.image, target.width, target.height);
      return withResized(sample, image, target.scaleFactor, clip);
    },
  };
}

/** The sample with its image resized to `image`, and its boxes along with it. */
export function withResized(
  sample: PipelineSample,
  image: PixelImage,
  scaleFactor: readonly [number, number],
  clip: boolean,
): PipelineSample {
  const scaled = scaleBoxes(sample.boxes, ...scaleFactor);
  const boxes = clip ? clipBoxes(scaled, image.width, image.height) : scaled;
  return { ...sample, image, boxes, scaleFactor };
}

function pair(value: number | readonly [number, number]): readonly [number, number] {
  return typeof value === 'number' ? [value, value] : value;
}
