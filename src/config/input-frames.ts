import type { TransformStep } from './schema/pipeline.ts';

/** A bound on the size of images. */
export interface InputFrame {
  /** [width, height] in pixels; with `keepRatio` in either order, as the orientation is the image's. */
  readonly scale: readonly [number, number];
  readonly keepRatio: boolean;
}

/** Bounds of a pipeline's images: undefined while the size is that of the file, empty when only one side is bounded. */
type Frames = readonly InputFrame[] | undefined;

/**
 * The frames within which a pipeline's images end up, one per size it may resize to. Undefined when the steps leave images
 * as large as the files are; empty when there is a size but no bound to it.
 */
export function inputFrames(steps: readonly TransformStep[]): readonly InputFrame[] | undefined {
  return steps.reduce<Frames>(afterStep, undefined);
}

function afterStep(frames: Frames, step: TransformStep): Frames {
  switch (step.type) {
    case 'Resize': {
      const { scale, scale_factor: factor, keep_ratio: keepRatio } = step;
      if (scale !== null) return [{ scale: pair(scale), keepRatio }];
      const [x, y] = pair(factor ?? 1);
      return times(frames, Math.max(x, y));
    }
    case 'RandomResize':
      return [{ scale: largestScale(step), keepRatio: step.keep_ratio }];
    case 'RandomChoiceResize':
      return step.scales.map((scale) => ({ scale, keepRatio: step.keep_ratio }));
    case 'ResizeShortestEdge': {
      const short = Math.min(...pair(step.scale));
      return step.max_size === null
        ? []
        : [{ scale: [Math.max(short, step.max_size), short], keepRatio: true }];
    }
    case 'FixShapeResize':
      return [{ scale: [step.width, step.height], keepRatio: false }];
    case 'Pad':
      return afterPad(frames, step);
    case 'RandomCrop': {
      const [a, b] = step.crop_size;
      if (step.crop_type === 'absolute') return [{ scale: [a, b], keepRatio: false }];
      return step.crop_type === 'absolute_range' ? [{ scale: [b, b], keepRatio: false }] : frames;
    }
    case 'Expand':
      return times(frames, step.prob === 0 ? 1 : step.ratio_range[1]);
    case 'RandomAffine': {
      const [x, y] = step.border;
      return frames?.map(({ scale: [w, h], keepRatio }) => {
        const [dx, dy] = keepRatio ? [Math.max(x, y), Math.max(x, y)] : [x, y];
        return { scale: [Math.max(1, w + 2 * dx), Math.max(1, h + 2 * dy)], keepRatio };
      });
    }
    case 'Mosaic': {
      const [width, height] = step.img_scale;
      const canvas: InputFrame = { scale: [2 * width, 2 * height], keepRatio: false };
      return step.prob === 1 ? [canvas] : frames && [...frames, canvas];
    }
    case 'RandomFlip':
    case 'PhotoMetricDistortion':
    case 'MinIoURandomCrop':
    case 'MixUp':
    case 'FilterAnnotations':
      return frames;
  }
}

function afterPad(frames: Frames, step: Extract<TransformStep, { type: 'Pad' }>): Frames {
  const { size, size_divisor: divisor, pad_to_square: square } = step;
  if (frames === undefined) return size === null ? undefined : [];
  return frames.map(({ scale: [w, h], keepRatio }) => {
    const long = Math.max(w, h);
    if (size !== null) {
      const [width, height] = keepRatio ? [long, long] : [w, h];
      return {
        scale: [Math.max(width, size[0]), Math.max(height, size[1])],
        keepRatio: false,
      };
    }
    const up = (side: number): number =>
      divisor === null ? side : Math.ceil(side / divisor) * divisor;
    return square
      ? { scale: [up(long), up(long)], keepRatio: false }
      : { scale: [up(w), up(h)], keepRatio };
  });
}

/** The largest scale that RandomResize draws. */
function largestScale(
  step: Extract<TransformStep, { type: 'RandomResize' }>,
): readonly [number, number] {
  const { first, second } = randomScales(step);
  if (second === undefined) {
    const ratio = step.ratio_range?.[1] ?? 1;
    return [Math.max(1, Math.floor(first[0] * ratio)), Math.max(1, Math.floor(first[1] * ratio))];
  }
  return [Math.max(first[0], second[0]), Math.max(first[1], second[1])];
}

function times(frames: Frames, factor: number): Frames {
  return frames?.map(({ scale: [w, h], keepRatio }) => ({
    scale: [Math.ceil(w * factor), Math.ceil(h * factor)],
    keepRatio,
  }));
}

/** One number for both sides, or two. */
function pair(value: number | readonly [number, number]): readonly [number, number] {
  return typeof value === 'number' ? [value, value] : value;
}

/** RandomResize's one scale, or the two between which it draws. */
function randomScales({ scale: [a, b] }: Extract<TransformStep, { type: 'RandomResize' }>): {
  readonly first: readonly [number, number];
  readonly second?: readonly [number, number];
} {
  return Array.isArray(a) && Array.isArray(b)
    ? { first: a, second: b }
    : { first: [Number(a), Number(b)] };
}
