import { clipBoxes, scaleBoxes, translateBoxes } from '../../boxes/convert.ts';
import type { StepOf } from '../../config/schema/pipeline.ts';
import { canvasLike, paste } from '../pixels/pixel-image.ts';
import { resizeImage } from '../pixels/resize-image.ts';
import { joinLabels, keepInside, uniform } from './pipeline-sample.ts';
import type { PipelineSample, SampleLabels, Transform } from './pipeline-sample.ts';

/** Which further images Mosaic wants. */
const OTHERS = 3;

/**
 * MMDetection's Mosaic: four images around a drawn centre of a canvas of twice `img_scale` ([width, height]), in the order
 * top left, top right, bottom left, bottom right; each is fitted into `img_scale` and touches the centre with its corner.
 */
export function mosaic(step: StepOf<'Mosaic'>): Transform {
  const [width, height] = step.img_scale;
  return {
    heavy: true,
    mixes: { count: OTHERS, tries: 1 },
    apply: (sample, random, mixed) => {
      if (random.float() > step.prob) return sample;
      const centre = [
        Math.trunc(uniform(random, ...step.center_ratio_range) * width),
        Math.trunc(uniform(random, ...step.center_ratio_range) * height),
      ] as const;
      const grey = [step.pad_val, step.pad_val, step.pad_val] as const;
      const canvas = canvasLike(sample.image, 2 * width, 2 * height, grey);
      const parts = [sample, ...mixed]
        .slice(0, OTHERS + 1)
        .map((part, i) => placePart(part, step.img_scale, canvas, centre, i));
      const joined = joinLabels(parts);
      const boxes = step.bbox_clip_border
        ? clipBoxes(joined.boxes, 2 * width, 2 * height)
        : joined.boxes;
      const whole = { ...sample, ...joined, boxes, image: canvas };
      return keepInside(whole, 2 * width, 2 * height);
    },
  };
}

/** Fits one image into `imgScale`, pastes the corner of it that fits at its place, and moves its boxes along. */
function placePart(
  part: PipelineSample,
  [scaleWidth, scaleHeight]: readonly [number, number],
  canvas: PipelineSample['image'],
  [centreX, centreY]: readonly [number, number],
  place: number,
): SampleLabels {
  const { image } = part;
  const ratio = Math.min(scaleHeight / image.height, scaleWidth / image.width);
  const fitted = resizeImage(
    image,
    Math.max(1, Math.trunc(image.width * ratio)),
    Math.max(1, Math.trunc(image.height * ratio)),
  );
  const across = span(fitted.width, centreX, canvas.width, place % 2 === 0);
  const down = span(fitted.height, centreY, canvas.height, place < 2);
  paste(fitted, canvas, {
    fromX: across.from,
    fromY: down.from,
    toX: across.to,
    toY: down.to,
    width: across.length,
    height: down.length,
  });
  const scaled = scaleBoxes(part.boxes, ratio, ratio);
  const boxes = translateBoxes(scaled, across.to - across.from, down.to - down.from);
  return { boxes, labels: part.labels, ignoreFlags: part.ignoreFlags };
}

/** Along one axis: which part of an image of `side` pixels goes where, when it ends (or begins) at the centre. */
function span(
  side: number,
  centre: number,
  canvasSide: number,
  before: boolean,
): { readonly from: number; readonly to: number; readonly length: number } {
  if (!before) return { from: 0, to: centre, length: Math.min(side, canvasSide - centre) };
  const length = Math.min(side, centre);
  return { from: side - length, to: centre - length, length };
}
