import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { rng } from '../../base/rng.ts';
import type { Rng } from '../../base/rng.ts';
import { changesImages } from '../../config/resolved-data.ts';
import { pipelineSchema } from '../../config/schema/pipeline.ts';
import { boxRows, fakeSample, pixelAt, scripted } from './fake-sample.ts';
import { buildTransform } from './list.ts';
import type { PipelineSample, Transform } from './pipeline-sample.ts';
import { affineMatrix } from './random-affine.ts';

function transform(step: Readonly<Record<string, unknown>>): Transform {
  const [parsed] = pipelineSchema.parse([step]).filter(changesImages);
  if (parsed === undefined) throw new Error('no transform');
  return buildTransform(parsed);
}

function run(
  step: Readonly<Record<string, unknown>>,
  before: PipelineSample,
  random: Rng,
  mixed: readonly PipelineSample[] = [],
): PipelineSample {
  const after = transform(step).apply(before, random, mixed);
  if (after === undefined) throw new Error('dropped');
  return after;
}

describe('Mosaic', () => {
  const step = { type: 'Mosaic', img_scale: [4, 4] };
  const parts = [0, 1, 2, 3].map((i) => fakeSample(4, 4, [[0, 0, 4, 4]], 50 + i));
  const [first = fakeSample(1, 1), ...others] = parts;

  it('asks for three further images', () => {
    expect(transform(step).mixes).toEqual({ count: 3, tries: 1 });
  });

  it('puts four images around the centre (by hand)', () => {
    // centre: int((0.5 + 0.25) · 4) = 3, int((0.5 + 0.5) · 4) = 4
    const after = run(step, first, scripted(0, 0.25, 0.5), others);
    expect([after.image.width, after.image.height]).toEqual([8, 8]);
    // top left: its right 3 columns, all rows
    expect(pixelAt(after.image, 0, 0)).toEqual([1, 0, 50]);
    expect(pixelAt(after.image, 2, 3)).toEqual([3, 3, 50]);
    expect(pixelAt(after.image, 3, 0)).toEqual([0, 0, 51]);
    expect(pixelAt(after.image, 7, 3)).toEqual([114, 114, 114]);
    expect(pixelAt(after.image, 2, 4)).toEqual([3, 0, 52]);
    expect(pixelAt(after.image, 3, 7)).toEqual([0, 3, 53]);
    expect(boxRows(after.boxes)).toEqual([
      [0, 0, 3, 4],
      [3, 0, 7, 4],
      [0, 4, 3, 8],
      [3, 4, 7, 8],
    ]);
    const loose = run({ ...step, bbox_clip_border: false }, first, scripted(0, 0.25, 0.5), others);
    expect(boxRows(loose.boxes)[0]).toEqual([-1, 0, 3, 4]);
  });

  it('fits images of other sizes into img_scale', () => {
    // 8 × 4 at half size is 4 × 2, and ends at the centre (4, 4)
    const wide = fakeSample(8, 4, [[2, 0, 8, 4]]);
    const after = run(step, wide, scripted(0, 0.5, 0.5), others);
    expect(pixelAt(after.image, 0, 1)).toEqual([114, 114, 114]);
    expect(pixelAt(after.image, 0, 2)).toEqual([1, 1, 7]);
    expect(boxRows(after.boxes)[0]).toEqual([1, 2, 4, 4]);
  });

  it('does nothing above its probability', () => {
    expect(run({ ...step, prob: 0.5 }, first, scripted(0.6), others)).toBe(first);
  });
});

describe('MixUp', () => {
  const step = { type: 'MixUp', img_scale: [4, 4], ratio_range: [1, 1] };
  const first = fakeSample(4, 4, [[0, 0, 2, 2]], 10);
  const other = fakeSample(4, 2, [[1, 0, 3, 2]], 31);

  it('gives the mean of two images and both labels (by hand)', () => {
    const after = run(step, first, scripted(0, 0.5), [other]);
    expect(pixelAt(after.image, 1, 1)).toEqual([1, 1, 20]);
    // below the second image: (3 + 114) / 2 is cut
    expect(pixelAt(after.image, 0, 3)).toEqual([57, 58, 62]);
    expect(boxRows(after.boxes)).toEqual([
      [0, 0, 2, 2],
      [1, 0, 3, 2],
    ]);
    expect([...after.labels]).toEqual([0, 0]);
    const mirrored = run({ ...step, img_scale: [8, 8] }, first, scripted(0, 0.4, 0, 0.99), [other]);
    // 8 × 4 mirrored in 8 × 8 keeps its columns; cut at x = floor(0.99 · 4) = 3
    expect(boxRows(mirrored.boxes)[1]).toEqual([0, 0, 3, 4]);
  });

  it('leaves the image alone when the second one has no boxes', () => {
    expect(run(step, first, scripted(), [fakeSample(4, 4)])).toBe(first);
    expect(run(step, first, scripted(), [])).toBe(first);
  });
});

describe('RandomAffine', () => {
  const still = {
    type: 'RandomAffine',
    max_rotate_degree: 0,
    max_translate_ratio: 0,
    scaling_ratio_range: [1, 1],
    max_shear_degree: 0,
  };
  const before = fakeSample(8, 6, [
    [1, 1, 3, 4],
    [6, 0, 8, 2],
  ]);

  it('multiplies translation, shear, rotation and scale, in this order', () => {
    const none = { rotate: 0, scale: 1, shearX: 0, shearY: 0, shiftX: 0, shiftY: 0 };
    const close = (by: object, want: number[]): void => {
      const matrix = affineMatrix({ ...none, ...by });
      want.forEach((value, i) => expect(matrix[i]).toBeCloseTo(value, 6));
    };
    close({}, [1, 0, 0, 0, 1, 0, 0, 0, 1]);
    close({ rotate: 90, shiftX: 5, shiftY: 6 }, [0, -1, 5, 1, 0, 6, 0, 0, 1]);
    close({ rotate: -180, scale: 2 }, [-2, 0, 0, 0, -2, 0]);
    close({ shearX: 45, scale: 3 }, [3, 3, 0, 0, 3, 0]);
    close({ rotate: 30, shearY: 45 }, [0.8660254, -0.5, 0, 1.3660254, 0.3660254, 0]);
  });

  it('cuts the border off, and boxes outside with it', () => {
    const after = run({ ...still, border: [-1, -2] }, before, rng(1));
    expect([after.image.width, after.image.height]).toEqual([6, 2]);
    expect(pixelAt(after.image, 5, 1)).toEqual([5, 1, 7]);
    expect(boxRows(after.boxes)).toEqual([[1, 1, 3, 2]]);
    const wider = run({ ...still, border: [1, 0], border_val: [1, 2, 3] }, before, rng(1));
    expect(pixelAt(wider.image, 9, 0)).toEqual([3, 2, 1]);
  });

  it('keeps boxes around what moved, inside the image', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const { image, boxes } = run({ type: 'RandomAffine' }, before, rng(seed));
        expect([image.width, image.height]).toEqual([8, 6]);
        for (const [x1 = -1, y1 = -1, x2 = -1, y2 = -1] of boxRows(boxes))
          expect(x1 >= 0 && y1 >= 0 && x2 <= 8 && y2 <= 6 && x2 >= x1 && y2 >= y1).toBe(true);
      }),
    );
  });
});
