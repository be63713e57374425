import { describe, expect, it } from 'vitest';
import { rng } from '../../base/rng.ts';
import type { Rng } from '../../base/rng.ts';
import { changesImages } from '../../config/resolved-data.ts';
import { pipelineSchema } from '../../config/schema/pipeline.ts';
import { boxRows, fakeSample, pixelAt, scripted } from './fake-sample.ts';
import { buildTransform } from './list.ts';
import { cropTo } from './min-iou-random-crop.ts';
import { distort } from './photo-metric-distortion.ts';
import type { PipelineSample, Transform } from './pipeline-sample.ts';

function transform(step: Readonly<Record<string, unknown>>): Transform {
  const [parsed] = pipelineSchema.parse([step]).filter(changesImages);
  if (parsed === undefined) throw new Error('no transform');
  return buildTransform(parsed);
}

function run(
  step: Readonly<Record<string, unknown>>,
  before: PipelineSample,
  random: Rng,
): PipelineSample {
  const after = transform(step).apply(before, random, []);
  if (after === undefined) throw new Error('dropped');
  return after;
}

describe('PhotoMetricDistortion', () => {
  const none = { brightness: null, contrast: null, saturation: null, hue: null, order: null };
  const one = (r: number, g: number, b: number) => ({
    width: 1,
    height: 1,
    data: Uint8Array.of(r, g, b),
  });
  const distorted = (rgb: [number, number, number], by: object): number[] =>
    [...distort(one(...rgb), { ...none, ...by }).data].map((v) => Math.round(v * 100) / 100);

  it('changes what it is told to (by hand)', () => {
    expect(distorted([200, 100, 50], {})).toEqual([200, 100, 50]);
    expect(distorted([200, 100, 50], { brightness: 32 })).toEqual([232, 132, 82]);
    // out of range, which is clamped only when the batch is packed
    expect(distorted([250, 20, 250], { brightness: -25.5 })).toEqual([224.5, -5.5, 224.5]);
    expect(distorted([200, 100, 50], { contrast: { factor: 1.5, first: true } })).toEqual([
      300, 150, 75,
    ]);
    // saturation 0.75 → 0.375: the lowest channel is 200 · (1 − 0.375), the middle a third of the way up
    expect(distorted([200, 100, 50], { saturation: 0.5 })).toEqual([200, 150, 125]);
    // saturation 0.75 · 1.5 is held at 1
    expect(distorted([200, 100, 50], { saturation: 1.5 })).toEqual([200, 66.67, 0]);
    // hue 20° → 80°: a third of the way from yellow (60°) to green (120°)
    expect(distorted([200, 100, 50], { hue: 60 })).toEqual([150, 200, 50]);
    // 20° − 30° wraps to 350°
    expect(distorted([200, 100, 50], { hue: -30 })).toEqual([200, 50, 75]);
    // of (blue, green, red) = (50, 100, 200): blue becomes red, green blue, red green
    expect(distorted([200, 100, 50], { order: [2, 0, 1] })).toEqual([100, 50, 200]);
  });

  it('multiplies before or after the change of colour', () => {
    const by = { saturation: 1.5, contrast: { factor: 0.5, first: true } };
    const first = distorted([200, 100, 50], by);
    expect(first).toEqual([100, 33.33, 0]);
    expect(distorted([200, 100, 50], { ...by, contrast: { factor: 0.5, first: false } })).toEqual(
      first,
    );
  });

  it('draws each part with probability 1/2, and leaves boxes alone', () => {
    const before = fakeSample(2, 1, [[0, 0, 1, 1]], 90);
    const step = { type: 'PhotoMetricDistortion' };
    const sames = Array.from({ length: 400 }, (_, i) => {
      const { image, boxes } = run(step, before, rng(i));
      expect(image.data).toBeInstanceOf(Float32Array);
      expect(boxes).toBe(before.boxes);
      return [...image.data].every((v, at) => Math.abs(v - (before.image.data[at] ?? 0)) < 0.01);
    });
    // nothing at all happens when five coins fall on one side: 1 in 32, and for one order of 6 in 1 of 32 besides
    const share = sames.filter(Boolean).length / 400;
    expect(share).toBeGreaterThan(0.01);
    expect(share).toBeLessThan(0.08);
    expect(run(step, before, rng(5)).image).toEqual(run(step, before, rng(5)).image);
  });
});

describe('Expand', () => {
  const before = fakeSample(4, 2, [[1, 0, 3, 2]]);

  it('places the image on a coloured canvas (by hand)', () => {
    // ratio 1 + 1/3 · 3 = 2: canvas 8 × 4; left int(0.5 · 4) = 2, top int(0.75 · 2) = 1
    const step = { type: 'Expand', mean: [10, 20, 30.9] };
    const after = run(step, before, scripted(0.4, 1 / 3, 0.5, 0.75));
    expect([after.image.width, after.image.height]).toEqual([8, 4]);
    expect(pixelAt(after.image, 0, 0)).toEqual([10, 20, 30]);
    expect(pixelAt(after.image, 2, 1)).toEqual([0, 0, 7]);
    expect(pixelAt(after.image, 5, 2)).toEqual([3, 1, 7]);
    expect(pixelAt(after.image, 6, 2)).toEqual([10, 20, 30]);
    expect(boxRows(after.boxes)).toEqual([[3, 1, 5, 3]]);
    const bgr = run({ ...step, to_rgb: false }, before, scripted(0.4, 1 / 3, 0.5, 0.75));
    expect(pixelAt(bgr.image, 0, 0)).toEqual([30, 20, 10]);
  });

  it('does nothing above its probability', () => {
    expect(run({ type: 'Expand' }, before, scripted(0.51))).toBe(before);
  });
});

describe('MinIoURandomCrop', () => {
  const before = fakeSample(20, 10, [
    [0, 0, 8, 8],
    [8, 2, 16, 9],
  ]);

  it('keeps boxes whose centre is strictly inside (by hand)', () => {
    const cropped = cropTo(before, [2, 1, 12, 10], 0, true);
    // centres (4, 4) and (12, 5.5): the second lies on the edge
    expect([...(cropped?.labels ?? [])]).toEqual([0]);
    expect(boxRows(cropped?.boxes ?? new Float32Array())).toEqual([[0, 0, 6, 7]]);
    expect(boxRows(cropTo(before, [2, 1, 12, 10], 0, false)?.boxes ?? new Float32Array())).toEqual([
      [-2, -1, 6, 7],
    ]);
    expect(cropped && pixelAt(cropped.image, 0, 0)).toEqual([2, 1, 7]);
    // IoU of the patch with the boxes: 42 / (90 + 64 − 42) and 28 / (90 + 56 − 28)
    expect(cropTo(before, [2, 1, 12, 10], 0.23, true)).toBeDefined();
    expect(cropTo(before, [2, 1, 12, 10], 0.24, true)).toBeUndefined();
    expect(cropTo(before, [17, 0, 20, 10], 0, true)).toBeUndefined();
    expect(cropTo(fakeSample(20, 10), [17, 0, 20, 10], 0.9, true)?.image.width).toBe(3);
  });

  it('keeps the overlap it drew, or the whole image', () => {
    const step = { type: 'MinIoURandomCrop', min_ious: [0.3] };
    expect(run(step, before, scripted(0))).toBe(before);
    let cut = 0;
    for (let seed = 0; seed < 60; seed++) {
      const { image, boxes } = run(step, before, rng(seed));
      expect(image.width / image.height).toBeGreaterThan(0.3);
      if (image.width < 20) cut += 1;
      for (const [x1 = -1, y1 = -1, x2 = -1, y2 = -1] of boxRows(boxes))
        expect(x1 >= 0 && y1 >= 0 && x2 <= image.width && y2 <= image.height).toBe(true);
    }
    expect(cut).toBeGreaterThan(10);
  });
});
