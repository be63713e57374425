import type { Rng } from '../../base/rng.ts';
import { clipBoxes, translateBoxes } from '../../boxes/convert.ts';
import { pairwiseOverlaps } from '../../boxes/iou.ts';
import type { StepOf } from '../../config/schema/pipeline.ts';
import { cropImage } from '../pixels/pixel-image.ts';
import type { PixelImage } from '../pixels/pixel-image.ts';
import { keepLabels, uniform } from './pipeline-sample.ts';
import type { PipelineSample, Transform } from './pipeline-sample.ts';

/** Crops that are tried for one drawn IoU before another is drawn. */
const TRIES = 50;

/** Draws of an IoU before the image is left whole; MMDetection goes on for ever. */
const MAX_MODES = 1000;

/**
 * MMDetection's MinIoURandomCrop (SSD): one of (whole image, each of `min_ious`, any crop) is drawn; then a crop of aspect
 * 1/2 … 2 whose IoU with every box is at least that. Boxes stay when their centre lies strictly inside.
 */
export function minIoURandomCrop(step: StepOf<'MinIoURandomCrop'>): Transform {
  const modes = [1, ...step.min_ious, 0];
  return {
    heavy: false,
    apply: (sample, random) => {
      for (let i = 0; i < MAX_MODES; i++) {
        const minIou = modes[random.int(0, modes.length)] ?? 1;
        if (minIou === 1) return sample;
        for (let attempt = 0; attempt < TRIES; attempt++) {
          const cropped = tryCrop(sample, step, minIou, random);
          if (cropped !== undefined) return cropped;
        }
      }
      return sample;
    },
  };
}

function tryCrop(
  sample: PipelineSample,
  step: StepOf<'MinIoURandomCrop'>,
  minIou: number,
  random: Rng,
): PipelineSample | undefined {
  const { width: w, height: h } = sample.image;
  const newWidth = uniform(random, step.min_crop_size * w, w);
  const newHeight = uniform(random, step.min_crop_size * h, h);
  if (newHeight / newWidth < 0.5 || newHeight / newWidth > 2) return undefined;
  // numpy's uniform(low) runs from low to 1; the order of the ends does not matter to the rule
  const left = uniform(random, w - newWidth, 1);
  const top = uniform(random, h - newHeight, 1);
  const [x1, y1] = [Math.trunc(left), Math.trunc(top)];
  const [x2, y2] = [Math.trunc(left + newWidth), Math.trunc(top + newHeight)];
  if (x2 === x1 || y2 === y1) return undefined;
  return cropTo(sample, [x1, y1, x2, y2], minIou, step.bbox_clip_border);
}

/** The sample cut to a patch, or undefined when a box overlaps it too little or no centre lies inside. */
export function cropTo(
  sample: PipelineSample,
  [x1, y1, x2, y2]: readonly [number, number, number, number],
  minIou: number,
  clip: boolean,
): PipelineSample | undefined {
  const [width, height] = [x2 - x1, y2 - y1];
  const image = (): PixelImage => cropImage(sample.image, x1, y1, width, height);
  if (sample.labels.length === 0) return { ...sample, image: image() };
  const overlaps = pairwiseOverlaps(Float32Array.of(x1, y1, x2, y2), sample.boxes);
  if (Math.min(...overlaps) < minIou) return undefined;
  const kept = keepLabels(sample, (a, b, c, d) => {
    const cx = Math.fround(a + c) / 2;
    const cy = Math.fround(b + d) / 2;
    return cx > x1 && cy > y1 && cx < x2 && cy < y2;
  });
  if (kept.labels.length === 0) return undefined;
  const moved = translateBoxes(kept.boxes, -x1, -y1);
  return { ...kept, image: image(), boxes: clip ? clipBoxes(moved, width, height) : moved };
}
