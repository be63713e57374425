import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rng } from '../../base/rng.ts';
import type { Rng } from '../../base/rng.ts';
import { changesImages } from '../../config/resolved-data.ts';
import { pipelineSchema } from '../../config/schema/pipeline.ts';
import { boxRows, fakeSample, pixelAt, scripted } from './fake-sample.ts';
import { buildTransform } from './list.ts';
import type { PipelineSample, Transform } from './pipeline-sample.ts';

/** The transform of a step as a config writes it. */
function transform(step: Readonly<Record<string, unknown>>): Transform {
  const [parsed] = pipelineSchema.parse([step]).filter(changesImages);
  if (parsed === undefined) throw new Error('no transform');
  return buildTransform(parsed);
}

function run(step: Readonly<Record<string, unknown>>, before: PipelineSample, random = scripted()) {
  const after = transform(step).apply(before, random, []);
  if (after === undefined) throw new Error('dropped');
  return after;
}

describe('Resize and its relatives', () => {
  const before = fakeSample(40, 20, [
    [2, 4, 10, 12],
    [30, 10, 60, 30],
  ]);
  const sizeOf = ({ image }: PipelineSample): number[] => [image.width, image.height];

  it('scales boxes per axis and clips them, unless told not to', () => {
    const after = run({ type: 'Resize', scale: [20, 30] }, before);
    expect(sizeOf(after)).toEqual([20, 30]);
    expect(after.scaleFactor).toEqual([0.5, 1.5]);
    expect(boxRows(after.boxes)).toEqual([
      [1, 6, 5, 18],
      [15, 15, 20, 30],
    ]);
    const loose = run({ type: 'Resize', scale: [20, 30], clip_object_border: false }, before);
    expect(boxRows(loose.boxes)[1]).toEqual([15, 15, 30, 45]);
    expect(sizeOf(run({ type: 'Resize', scale: 30, keep_ratio: true }, before))).toEqual([30, 15]);
    expect(sizeOf(run({ type: 'Resize', scale_factor: 0.25 }, before))).toEqual([10, 5]);
  });

  it('keeps every box inside the image', () => {
    const number = fc.integer({ min: -100, max: 200 });
    const box = fc.tuple(number, number, number, number);
    const side = fc.integer({ min: 1, max: 50 });
    fc.assert(
      fc.property(fc.array(box, { maxLength: 8 }), side, side, (boxes, width, height) => {
        const after = run({ type: 'Resize', scale: [width, height] }, fakeSample(40, 20, boxes));
        for (const [x1 = -1, y1 = -1, x2 = -1, y2 = -1] of boxRows(after.boxes)) {
          expect([x1, x2].every((x) => x >= 0 && x <= width)).toBe(true);
          expect([y1, y2].every((y) => y >= 0 && y <= height)).toBe(true);
        }
      }),
    );
  });

  it('RandomResize multiplies one scale, or draws each side between two', () => {
    const ratio = {
      type: 'RandomResize',
      scale: [30, 10],
      ratio_range: [0.5, 2],
      keep_ratio: false,
    };
    // 0.5 + 0.6 · 1.5 = 1.4: int(42), int(14)
    expect(sizeOf(run(ratio, before, scripted(0.6)))).toEqual([42, 14]);
    const between = {
      type: 'RandomResize',
      scale: [
        [30, 20],
        [10, 24],
      ],
    };
    // width 10 … 30, height 20 … 24, ends included
    expect(sizeOf(run(between, before, scripted(0.999, 0.999)))).toEqual([30, 24]);
    expect(sizeOf(run(between, before, scripted(0, 0.25)))).toEqual([10, 21]);
  });

  it('RandomChoiceResize takes one of its scales', () => {
    const step = {
      type: 'RandomChoiceResize',
      scales: [
        [9, 8],
        [7, 6],
        [5, 4],
      ],
    };
    expect(sizeOf(run(step, before, scripted(0.4)))).toEqual([7, 6]);
  });

  it('ResizeShortestEdge scales by the shorter side', () => {
    const step = { type: 'ResizeShortestEdge', scale: [30, 10], max_size: 18, keep_ratio: true };
    expect(sizeOf(run(step, before))).toEqual([18, 9]);
  });

  it('FixShapeResize with keep_ratio fits and fills, scaling boxes by one ratio', () => {
    const step = { type: 'FixShapeResize', width: 30, height: 30, keep_ratio: true, pad_val: 9 };
    const after = run(step, before);
    expect(sizeOf(after)).toEqual([30, 30]);
    expect(pixelAt(after.image, 29, 14)).not.toEqual([9, 9, 9]);
    expect(pixelAt(after.image, 0, 15)).toEqual([9, 9, 9]);
    expect(after.scaleFactor).toEqual([0.75, 0.75]);
    expect(boxRows(after.boxes)).toEqual([
      [1.5, 3, 7.5, 9],
      [22.5, 7.5, 30, 15],
    ]);
    expect(sizeOf(run({ type: 'FixShapeResize', width: 3, height: 50 }, before))).toEqual([3, 50]);
  });
});

describe('RandomFlip', () => {
  const before = fakeSample(4, 3, [[0, 0, 1, 2]]);

  it('shares one probability among its directions', () => {
    const step = {
      type: 'RandomFlip',
      prob: 0.9,
      direction: ['horizontal', 'vertical', 'diagonal'],
    };
    const drawn = (u: number): unknown => run(step, before, scripted(u)).flipDirection;
    expect([0, 0.299, 0.301, 0.599, 0.601, 0.899, 0.901].map(drawn)).toEqual([
      'horizontal',
      'horizontal',
      'vertical',
      'vertical',
      'diagonal',
      'diagonal',
      null,
    ]);
  });

  it('takes one probability per direction, and mirrors image and boxes', () => {
    const step = { type: 'RandomFlip', prob: [0.1, 0.6], direction: ['diagonal', 'vertical'] };
    const after = run(step, before, scripted(0.5));
    expect(after.flipDirection).toBe('vertical');
    expect(pixelAt(after.image, 1, 0)).toEqual([1, 2, 7]);
    expect(boxRows(after.boxes)).toEqual([[0, 1, 1, 3]]);
    const turned = run(step, before, scripted(0.05));
    expect(pixelAt(turned.image, 0, 0)).toEqual([3, 2, 7]);
    expect(boxRows(turned.boxes)).toEqual([[3, 1, 4, 3]]);
    expect(run(step, before, scripted(0.7)).image).toBe(before.image);
  });
});

describe('Pad', () => {
  it('fills up on the right and bottom, and never cuts', () => {
    const before = fakeSample(5, 3, [[0, 0, 2, 2]]);
    const size = (step: Readonly<Record<string, unknown>>): number[] => {
      const { image, boxes } = run({ type: 'Pad', ...step }, before);
      expect(boxes).toEqual(before.boxes);
      expect(pixelAt(image, 4, 2)).toEqual([4, 2, 7]);
      return [image.width, image.height];
    };
    expect(size({ size: [8, 2] })).toEqual([8, 3]);
    expect(size({ size_divisor: 4 })).toEqual([8, 4]);
    expect(size({ pad_to_square: true })).toEqual([5, 5]);
    expect(size({ pad_to_square: true, size_divisor: 4 })).toEqual([8, 8]);
    // the colour is given blue first
    const padded = run({ type: 'Pad', size: [6, 3], pad_val: { img: [1, 2, 3.5] } }, before);
    expect(pixelAt(padded.image, 5, 0)).toEqual([4, 2, 1]);
  });
});

describe('RandomCrop', () => {
  const before = fakeSample(10, 6, [
    [0, 0, 3, 3],
    [4, 2, 9, 6],
    [8, 0, 10, 1],
  ]);

  it('cuts image and boxes at a drawn place (by hand)', () => {
    // margins 2 and 6: y = floor(0.5 · 3) = 1, x = floor(0.4 · 7) = 2
    const after = run({ type: 'RandomCrop', crop_size: [4, 4] }, before, scripted(0.5, 0.4));
    expect([after.image.width, after.image.height]).toEqual([4, 4]);
    expect(pixelAt(after.image, 0, 0)).toEqual([2, 1, 7]);
    expect(boxRows(after.boxes)).toEqual([
      [0, 0, 1, 2],
      [2, 1, 4, 4],
    ]);
    expect([...after.labels]).toEqual([0, 1]);
    expect([...after.ignoreFlags]).toEqual([0, 1]);
    const loose = { type: 'RandomCrop', crop_size: [4, 4], bbox_clip_border: false };
    expect(boxRows(run(loose, before, scripted(0.5, 0.4)).boxes)[0]).toEqual([-2, -1, 1, 2]);
  });

  it('has four kinds of sizes', () => {
    const size = (step: Readonly<Record<string, unknown>>, ...drawn: number[]): number[] => {
      const random = scripted(...drawn, 0, 0);
      const { image } = run(
        { type: 'RandomCrop', allow_negative_crop: true, ...step },
        before,
        random,
      );
      return [image.width, image.height];
    };
    expect(size({ crop_size: [400, 3] })).toEqual([10, 3]);
    // height of 2 … min(6, 7), then width of 2 … 7
    expect(size({ crop_type: 'absolute_range', crop_size: [2, 7] }, 0.99, 0.5)).toEqual([5, 6]);
    expect(size({ crop_type: 'relative', crop_size: [0.25, 0.5] })).toEqual([3, 3]);
    // height 0.5 + 0.5 · 0.5 of 6, width 0.25 + 0 of 10
    expect(size({ crop_type: 'relative_range', crop_size: [0.5, 0.25] }, 0.5, 0)).toEqual([3, 5]);
  });

  it('drops a crop without boxes unless it may be negative', () => {
    const step = { type: 'RandomCrop', crop_size: [2, 1] };
    const corner = (): Rng => scripted(0.99, 0);
    expect(transform(step).apply(before, corner(), [])).toBeUndefined();
    const allowed = run({ ...step, allow_negative_crop: true }, before, corner());
    expect(allowed.labels).toHaveLength(0);
  });

  it('keeps boxes inside the crop', () => {
    const side = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(side, side, fc.nat(), (width, height, seed) => {
        const step = { type: 'RandomCrop', crop_size: [width, height], allow_negative_crop: true };
        const { image, boxes } = run(step, before, rng(seed));
        for (const [x1 = -1, y1 = -1, x2 = -1, y2 = -1] of boxRows(boxes)) {
          expect(x1 >= 0 && y1 >= 0 && x2 <= image.width && y2 <= image.height).toBe(true);
          expect(x2 > x1 && y2 > y1).toBe(true);
        }
      }),
    );
  });
});

describe('FilterAnnotations', () => {
  const before = fakeSample(10, 10, [
    [0, 0, 2, 5],
    [0, 0, 3, 3],
    [0, 0, 9, 2],
  ]);

  it('keeps what is wider and higher, and drops an image that loses all', () => {
    const step = { type: 'FilterAnnotations', min_gt_bbox_wh: [2, 2] };
    expect([...run(step, before).labels]).toEqual([1]);
    const strict = { type: 'FilterAnnotations', min_gt_bbox_wh: [9, 9] };
    expect(transform(strict).apply(before, scripted(), [])).toBeUndefined();
    expect(run({ ...strict, keep_empty: false }, before).labels).toHaveLength(0);
    expect(run(strict, fakeSample(4, 4)).labels).toHaveLength(0);
  });
});
