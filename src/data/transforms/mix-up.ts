import type { Rng } from '../../base/rng.ts';
import { clipBoxes, flipBoxes, scaleBoxes, translateBoxes } from '../../boxes/convert.ts';
import type { StepOf } from '../../config/schema/pipeline.ts';
import { flipImage } from '../pixels/flip.ts';
import { canvasLike, cropImage, paste } from '../pixels/pixel-image.ts';
import type { PixelImage } from '../pixels/pixel-image.ts';
import { resizeImage } from '../pixels/resize-image.ts';
import { resizeReal } from '../pixels/resize-real.ts';
import { joinLabels, keepInside, uniform } from './pipeline-sample.ts';
import type { PipelineSample, Transform } from './pipeline-sample.ts';

/**
 * MMDetection's MixUp: the mean of the image and a second one, which is fitted into `img_scale` ([width, height]), scaled
 * by a drawn ratio, perhaps mirrored, and cut or filled up to the first one's size. The result is 8 bit, cut to whole
 * numbers. `flip_ratio` is the probability of mirroring, as documented and as 2.28.2 has it; 3.3.0 mirrors with 1 − that.
 */
export function mixUp(step: StepOf<'MixUp'>): Transform {
  return {
    heavy: true,
    mixes: { count: 1, tries: step.max_iters },
    apply: (sample, random, [other]) =>
      other === undefined || other.labels.length === 0 ? sample : mix(step, sample, other, random),
  };
}

function mix(
  step: StepOf<'MixUp'>,
  sample: PipelineSample,
  other: PipelineSample,
  random: Rng,
): PipelineSample {
  const jitter = uniform(random, ...step.ratio_range);
  const mirrored = random.float() < step.flip_ratio;
  const { width, height } = sample.image;
  const { image: scaled, ratio } = fitAndScale(step, other.image, jitter);
  const shown = mirrored ? flipImage(scaled, 'horizontal') : scaled;
  const room = [Math.max(shown.width, width), Math.max(shown.height, height)] as const;
  const filled = canvasLike(shown, ...room, [step.pad_val, step.pad_val, step.pad_val]);
  paste(shown, filled, {
    fromX: 0,
    fromY: 0,
    toX: 0,
    toY: 0,
    width: shown.width,
    height: shown.height,
  });
  // numpy's randint leaves out its upper end
  const y = room[1] > height ? random.int(0, room[1] - height) : 0;
  const x = room[0] > width ? random.int(0, room[0] - width) : 0;
  const second = cropImage(filled, x, y, width, height);

  const clip = (boxes: Float32Array<ArrayBuffer>, w: number, h: number) =>
    step.bbox_clip_border ? clipBoxes(boxes, w, h) : boxes;
  const resized = clip(scaleBoxes(other.boxes, ratio, ratio), scaled.width, scaled.height);
  const turned = mirrored ? flipBoxes(resized, scaled.width, scaled.height, 'horizontal') : resized;
  const moved = clip(translateBoxes(turned, -x, -y), width, height);
  const labels = joinLabels([sample, { ...other, boxes: moved }]);
  const image = { width, height, data: meanOf(sample.image, second) };
  return keepInside({ ...sample, ...labels, image }, width, height);
}

/** The second image in the corner of a grey canvas of `img_scale`, the whole scaled by `jitter`; 8 bit. */
function fitAndScale(
  step: StepOf<'MixUp'>,
  image: PixelImage,
  jitter: number,
): { readonly image: PixelImage; readonly ratio: number } {
  const [width, height] = step.img_scale;
  const ratio = Math.min(height / image.height, width / image.width);
  const fitted = resizeImage(
    image,
    Math.max(1, Math.trunc(image.width * ratio)),
    Math.max(1, Math.trunc(image.height * ratio)),
  );
  const [wide, high] = [
    Math.max(1, Math.trunc(width * jitter)),
    Math.max(1, Math.trunc(height * jitter)),
  ];
  // numpy makes the canvas of an 8-bit image float64, so it is not resized in fixed point
  const Pixels = image.data instanceof Uint8Array ? Float64Array : Float32Array;
  const canvas = new Pixels(3 * width * height).fill(step.pad_val);
  for (let y = 0; y < fitted.height; y++) {
    const from = 3 * fitted.width * y;
    canvas.set(fitted.data.subarray(from, from + 3 * fitted.width), 3 * width * y);
  }
  const scaled = new Pixels(3 * wide * high);
  if (wide === width && high === height) scaled.set(canvas);
  else resizeReal(canvas, [width, height], scaled, [wide, high]);
  const data = Uint8Array.from(scaled, (value) => Math.min(255, Math.max(0, Math.trunc(value))));
  return { image: { width: wide, height: high, data }, ratio: ratio * jitter };
}

/** 0.5 a + 0.5 b in float32, cut to 8 bit. */
function meanOf(a: PixelImage, b: PixelImage): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(a.data.length);
  for (let i = 0; i < out.length; i++) {
    const mean = Math.fround(0.5 * (a.data[i] ?? 0) + 0.5 * (b.data[i] ?? 0));
    out[i] = Math.min(255, Math.max(0, Math.trunc(mean)));
  }
  return out;
}
