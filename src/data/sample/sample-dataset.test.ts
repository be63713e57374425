import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../base/errors.ts';
import type { Dataset } from '../dataset.ts';
import { loadSampleArt } from './sample-art.node.ts';
import { createSampleDataset } from './sample-dataset.ts';

let dataset: Dataset;
beforeAll(async () => {
  dataset = await createSampleDataset({ seed: 0, loadArt: loadSampleArt });
});

describe('the sample dataset', () => {
  it('has 512 and 64 images, all annotated, with counts that add up', () => {
    const { splits, images, annotations, classes, classCounts } = dataset;
    expect(Array.from(splits['train'] ?? [])).toEqual(Array.from({ length: 512 }, (_, i) => i));
    expect(Array.from(splits['val'] ?? [])).toEqual(Array.from({ length: 64 }, (_, i) => 512 + i));
    expect(images.map(({ index }) => index)).toEqual(Array.from({ length: 576 }, (_, i) => i));
    expect(new Set(images.map(({ path }) => path)).size).toBe(576);
    const total = annotations.labels.length;
    expect(annotations.offsets).toHaveLength(577);
    expect(annotations.offsets[576]).toBe(total);
    expect(annotations.boxes).toHaveLength(total * 4);
    expect(classCounts.reduce((a, b) => a + b)).toBe(total);
    expect(classes).toHaveLength(8);
    for (let i = 0; i < 576; i++) {
      expect(annotations.offsets[i + 1]).toBeGreaterThan(annotations.offsets[i] ?? 0);
    }
    for (let k = 0; k < total; k++) {
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = annotations.boxes.subarray(k * 4);
      expect(annotations.areas[k]).toBe((x2 - x1) * (y2 - y1));
    }
  });

  it('opens without drawing, in well under a second', async () => {
    const start = performance.now();
    await createSampleDataset({ seed: 99, loadArt: loadSampleArt });
    // About 150 ms; loose because other work runs beside the tests.
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('reads as PNG exactly what it renders', async () => {
    for (const index of [0, 7, 575]) {
      const rendered = await dataset.renderImage?.(index);
      const png = await dataset.readImage(index);
      const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
      expect(info).toMatchObject({ width: 256, height: 256, channels: 3 });
      expect(Buffer.compare(data, rendered?.data ?? new Uint8Array())).toBe(0);
      expect((await sharp(png).metadata()).format).toBe('png');
    }
  });

  it('another seed gives other scenes', async () => {
    const other = await createSampleDataset({ seed: 1, loadArt: loadSampleArt });
    expect(other.annotations.boxes).not.toEqual(dataset.annotations.boxes);
    expect((await other.renderImage?.(0))?.data).not.toEqual(
      (await dataset.renderImage?.(0))?.data,
    );
  });

  it('refuses a seed that is no whole number, and images it does not have', async () => {
    for (const seed of [0.5, Number.NaN, Infinity, 2 ** 60]) {
      await expect(createSampleDataset({ seed, loadArt: loadSampleArt })).rejects.toThrow(
        UserError,
      );
    }
    for (const index of [-1, 576, 1.5]) {
      await expect(dataset.readImage(index)).rejects.toThrow(RangeError);
    }
  });
});
