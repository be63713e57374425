import { describe, expect, it } from 'vitest';
import { rng } from '../../base/rng.ts';
import { changesImages } from '../../config/resolved-data.ts';
import { pipelineSchema } from '../../config/schema/pipeline.ts';
import type { TransformStep } from '../../config/schema/pipeline.ts';
import { FLAG_IGNORE, type Problem } from '../dataset.ts';
import { createBatchLoader, type BatchLoaderOptions } from './batch-loader.ts';
import {
  checksumsOf,
  fakeDecoder,
  fakeOptions,
  FLIP,
  HEAVY_CHECKSUMS,
  HEAVY_JOB,
  RESIZE,
  square,
  take,
} from './fake-images.ts';
import type { FakeImage } from './fake-images.ts';
import { createPipeline, imagesPerSample } from './pipeline.ts';
import type { Pipeline } from './pipeline.ts';
import { resizeBySpec } from './resizing-decoder.ts';
import type { WorkingDecoder } from './resizing-decoder.ts';
import { runTransformJob } from './transform-job.ts';

/** The pipeline of steps as a config writes them; the second list is that of a MultiImageMixDataset. */
function pipelineOf(
  steps: readonly Readonly<Record<string, unknown>>[],
  mixing?: readonly Readonly<Record<string, unknown>>[],
): Pipeline {
  const parse = (list: typeof steps): TransformStep[] =>
    list.length === 0 ? [] : pipelineSchema.parse(list).filter(changesImages);
  const mix = mixing && { steps: parse(mixing), maxRefetch: 15 };
  return createPipeline({ steps: parse(steps), mix });
}

describe('createPipeline', () => {
  it('takes a resize at the beginning apart, and counts the images of a sample', () => {
    const plain = pipelineOf([RESIZE, FLIP]);
    expect(plain.lead?.spec(rng(0))).toEqual({ scale: [32, 32], keepRatio: true });
    expect([plain.single.steps.length, plain.single.heavy]).toEqual([1, false]);
    expect(pipelineOf([FLIP, RESIZE])).toMatchObject({ lead: undefined, single: { heavy: true } });
    expect(imagesPerSample(plain)).toBe(1);
    const mixing = pipelineOf([], [{ type: 'Mosaic' }, { type: 'MixUp' }, RESIZE]);
    expect(imagesPerSample(mixing)).toBe(5);
  });

  it('refuses a divisor out of range', () => {
    expect(() => createPipeline({ steps: [], mix: undefined, padSizeDivisor: 0 })).toThrow(
      RangeError,
    );
  });
});

/** A decoder that works where it decodes, as the browser's pool does; counts what it was asked for. */
function workingDecoder(images: readonly FakeImage[]): WorkingDecoder & { jobs: number } {
  const plain = fakeDecoder(images);
  const decoder = {
    ...plain,
    jobs: 0,
    decodeResized: async (
      ...[bytes, name, spec]: Parameters<WorkingDecoder['decodeResized']>
    ): ReturnType<WorkingDecoder['decodeResized']> =>
      resizeBySpec(await plain.decode(bytes, name), structuredClone(spec)),
    transform: async (job: Parameters<WorkingDecoder['transform']>[0]) => {
      decoder.jobs += 1;
      const sample = runTransformJob(structuredClone(job));
      return Promise.resolve(structuredClone(sample));
    },
  };
  return decoder;
}

/** Every transform there is, of SSD and of YOLOX, in an order that makes sense. */
const ALL_SINGLE = [
  { type: 'PhotoMetricDistortion' },
  { type: 'Expand', mean: [123, 116, 103] },
  { type: 'MinIoURandomCrop' },
  { type: 'RandomResize', scale: [40, 30], ratio_range: [0.7, 1.3], keep_ratio: true },
];
const ALL_MIXING = [
  { type: 'Mosaic', img_scale: [24, 24] },
  { type: 'RandomAffine', border: [-12, -12] },
  { type: 'MixUp', img_scale: [24, 24] },
  { type: 'RandomFlip', prob: [0.3, 0.3, 0.3], direction: ['horizontal', 'vertical', 'diagonal'] },
  {
    type: 'RandomChoiceResize',
    scales: [
      [30, 20],
      [24, 40],
    ],
    keep_ratio: true,
  },
  { type: 'RandomCrop', crop_size: [20, 18], allow_negative_crop: true },
  { type: 'ResizeShortestEdge', scale: 16, max_size: 30, keep_ratio: true },
  { type: 'FixShapeResize', width: 28, height: 26, keep_ratio: true, pad_val: 114 },
  { type: 'FilterAnnotations', keep_empty: false },
  { type: 'Pad', pad_to_square: true, size_divisor: 16 },
];

describe('a pipeline of all transforms', () => {
  const images = Array.from({ length: 6 }, (_, i) => ({
    width: 30 + 7 * i,
    height: 64 - 5 * i,
    boxes: [
      [4, 4, 20, 20],
      [0, 10, 25, 30],
      [9, 1, 22, 24],
    ],
    flags: [0, FLAG_IGNORE, 0],
  }));
  const loaderOf = (more: Partial<BatchLoaderOptions>) =>
    createBatchLoader(
      fakeOptions(images, {
        pipeline: pipelineOf(ALL_SINGLE, ALL_MIXING),
        maxGts: 16,
        maxIgnores: 8,
        ...more,
      }),
    );

  it('gives the same bytes wherever its steps run, ahead or not, cached or not', async () => {
    const decoder = workingDecoder(images);
    const [here, there, apart] = await Promise.all([
      take(loaderOf({}), 6),
      take(loaderOf({ decoder, prefetch: 5 }), 6),
      take(loaderOf({ cacheBytes: 0, decoder: fakeDecoder(images, (i) => (i * 3) % 4) }), 6),
    ]);
    expect(there).toEqual(here);
    expect(apart).toEqual(here);
    expect(decoder.jobs).toBeGreaterThan(12);
    expect(new Set(here.map(({ images: pixels }) => pixels.join())).size).toBe(6);
  });

  it('goes on from a position, and gives other batches for another seed', async () => {
    const whole = await take(loaderOf({}), 6);
    expect(await take(loaderOf({ start: { epoch: 1, batch: 1 } }), 2)).toEqual(whole.slice(4));
    const other = await take(loaderOf({ seed: 8 }), 6);
    expect(other.map(({ images: pixels }) => pixels)).not.toEqual(
      whole.map(({ images: pixels }) => pixels),
    );
  });

  it('keeps all boxes inside the image, with some area, and counts those to ignore', async () => {
    const batches = await take(loaderOf({}), 12);
    let [learned, ignored] = [0, 0];
    for (const {
      gtBoxes,
      gtCounts,
      gtIgnoreBoxes,
      gtIgnoreCounts,
      imgShapes,
      inputSize,
    } of batches) {
      expect(inputSize).toEqual([32, 32]);
      gtCounts.forEach((count, n) => {
        const [height = 0, width = 0] = imgShapes.subarray(2 * n, 2 * n + 2);
        learned += count;
        for (let i = 0; i < count; i++) {
          const at = 4 * (n * 16 + i);
          const [x1 = -1, y1 = -1, x2 = -1, y2 = -1] = gtBoxes.subarray(at, at + 4);
          expect(x1 >= 0 && y1 >= 0 && x2 <= width && y2 <= height && x2 > x1 && y2 > y1).toBe(
            true,
          );
        }
      });
      expect(gtIgnoreBoxes).toHaveLength(gtCounts.length * 8 * 4);
      ignored += gtIgnoreCounts?.reduce((sum, count) => sum + count, 0) ?? 0;
    }
    expect(learned).toBeGreaterThan(10);
    expect(ignored).toBeGreaterThan(3);
  });

  it('decodes each image once when the cache holds them all, and never changes what it holds', async () => {
    const decoder = fakeDecoder(images);
    await take(loaderOf({ decoder }), 12);
    expect(decoder.decoded).toBe(6);
  });
});

describe('runTransformJob', () => {
  it('gives the pixels and boxes that browsers give (decoder.gpu.test.ts)', () => {
    const before = checksumsOf(HEAVY_JOB.sample);
    const sample = runTransformJob(HEAVY_JOB);
    expect(sample?.labels.length).toBeGreaterThan(2);
    expect(sample && checksumsOf(sample)).toEqual(HEAVY_CHECKSUMS);
    expect(checksumsOf(HEAVY_JOB.sample)).toEqual(before);
  });
});

describe('a pipeline that drops images', () => {
  const crop = { type: 'RandomCrop', crop_size: [8, 8] };

  it('takes another image, drawn from the seed', async () => {
    const images = square(4).map((image, i) => (i === 2 ? image : { ...image, boxes: [] }));
    const pipeline = pipelineOf([RESIZE, crop]);
    const batches = await take(createBatchLoader(fakeOptions(images, { pipeline })), 5);
    const used = new Set(batches.flatMap(({ metas }) => metas.map(({ imageIndex }) => imageIndex)));
    expect([...used]).toEqual([2]);
    expect(await take(createBatchLoader(fakeOptions(images, { pipeline })), 5)).toEqual(batches);
  });

  it('says so when it drops them all', async () => {
    const images = square(2).map((image) => ({ ...image, boxes: [] }));
    const pipeline = pipelineOf([RESIZE, crop]);
    const loader = createBatchLoader(fakeOptions(images, { pipeline }));
    await expect(loader.next()).rejects.toMatchObject({ details: { code: 'pipeline-drops-all' } });
    loader.dispose();
  });

  it('is tried again with the same images where they are mixed', async () => {
    const images = square(3).map((image) => ({ ...image, boxes: [[0, 0, 12, 12]] }));
    const pipeline = pipelineOf([RESIZE], [crop]);
    const batches = await take(createBatchLoader(fakeOptions(images, { pipeline })), 4);
    // a crop of a quarter meets the box often enough within 15 tries, so that each image comes once per epoch
    const seen = batches.flatMap(({ metas }) => metas.map(({ imageIndex }) => imageIndex));
    expect(seen.slice(0, 3).toSorted()).toEqual([0, 1, 2]);
  });
});

describe('boxes to ignore', () => {
  const images = [
    {
      width: 40,
      height: 40,
      boxes: Array.from({ length: 5 }, (_, i) => [i, 0, i + 8, 8]),
      flags: [0, FLAG_IGNORE, FLAG_IGNORE, 0, FLAG_IGNORE],
    },
  ];

  it('are padded like ground truths, cut with a warning, and absent when nobody asks', async () => {
    const problems: Problem[] = [];
    const pipeline = pipelineOf([{ type: 'Resize', scale: [40, 40] }]);
    const onProblem = (problem: Problem): void => void problems.push(problem);
    const [batch] = await take(
      createBatchLoader(fakeOptions(images, { pipeline, batchSize: 1, maxIgnores: 2, onProblem })),
      1,
    );
    expect([...(batch?.gtIgnoreCounts ?? [])]).toEqual([2]);
    expect([...(batch?.gtIgnoreBoxes ?? [])]).toEqual([1, 0, 9, 8, 2, 0, 10, 8]);
    expect([...(batch?.gtCounts ?? [])]).toEqual([2]);
    expect(problems.map(({ code }) => code)).toEqual(['too-many-ignored-boxes']);
    const [plain] = await take(createBatchLoader(fakeOptions(images, { batchSize: 1 })), 1);
    expect(plain?.gtIgnoreBoxes).toBeUndefined();
  });
});
