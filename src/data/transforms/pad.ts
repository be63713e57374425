import type { StepOf } from '../../config/schema/pipeline.ts';
import { canvasLike, paste, toByte } from '../pixels/pixel-image.ts';
import type { PixelImage, Rgb } from '../pixels/pixel-image.ts';
import { fromBgr } from './pipeline-sample.ts';
import type { Transform } from './pipeline-sample.ts';

/** mmcv's Pad: filled up on the right and bottom with one colour. The padded size is the image's size from then on. */
export function pad(step: StepOf<'Pad'>): Transform {
  const { size, size_divisor: divisor, pad_to_square: square } = step;
  const colour = padColour(step.pad_val);
  return {
    heavy: false,
    apply: (sample) => {
      const { width, height } = sample.image;
      const long = Math.max(width, height);
      const [wide, high] = size ?? (square ? [long, long] : [width, height]);
      const up = (side: number): number =>
        divisor === null ? side : Math.ceil(side / divisor) * divisor;
      return { ...sample, image: padTo(sample.image, up(wide), up(high), colour) };
    },
  };
}

/** The colour of a `pad_val`, in memory order. */
export function padColour(padVal: StepOf<'Pad'>['pad_val']): Rgb {
  const value = typeof padVal === 'number' ? padVal : padVal.img;
  return typeof value === 'number' ? [value, value, value] : fromBgr(value);
}

/** The image in the top left corner of a canvas at least `width` × `height`; a larger side stays as it is. */
export function padTo(image: PixelImage, width: number, height: number, colour: Rgb): PixelImage {
  const [wide, high] = [Math.max(width, image.width), Math.max(height, image.height)];
  if (wide === image.width && high === image.height) return image;
  // cv2.copyMakeBorder rounds the colour of an 8-bit image
  const bytes = image.data instanceof Uint8Array;
  const shown: Rgb = bytes ? [toByte(colour[0]), toByte(colour[1]), toByte(colour[2])] : colour;
  const canvas = canvasLike(image, wide, high, shown);
  paste(image, canvas, {
    fromX: 0,
    fromY: 0,
    toX: 0,
    toY: 0,
    width: image.width,
    height: image.height,
  });
  return canvas;
}
