import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FLAG_IGNORE, FLAG_UNUSABLE, type Problem } from '../dataset.ts';
import { createBatchLoader, evalBatches, type BatchLoaderOptions } from './batch-loader.ts';
import { createBatchSampler, filterForTraining } from './batch-sampler.ts';
import { chooseInputSize } from './bucket.ts';
import { fakeDataset, fakeDecoder, fakeOptions, RESIZE, square, take } from './fake-images.ts';
import type { FakeImage } from './fake-images.ts';
import { LruCache } from './lru-cache.ts';
import { createPipeline } from './pipeline.ts';
import { packSample, padShapeOf, placeInBatch, shownLabels } from './sample.ts';

describe('createBatchSampler', () => {
  const mixed = fc.array(
    fc.record({ width: fc.integer({ min: 1, max: 9 }), height: fc.integer({ min: 1, max: 9 }) }),
    { minLength: 1, maxLength: 60 },
  );

  it('gives every image once per epoch, in batches of one aspect but for the leftovers', () => {
    fc.assert(
      fc.property(
        mixed,
        fc.integer({ min: 1, max: 5 }),
        fc.integer(),
        fc.integer({ min: 0, max: 3 }),
        (images, batchSize, seed, epoch) => {
          const dataset = fakeDataset(images);
          const sampler = createBatchSampler({
            dataset,
            indices: [...images.keys()],
            batchSize,
            seed,
            shuffle: true,
          });
          const batches = sampler.epoch(epoch);
          expect(batches.flatMap(({ indices }) => indices).toSorted((a, b) => a - b)).toEqual([
            ...images.keys(),
          ]);
          expect(batches).toHaveLength(sampler.batchesPerEpoch);
          const portrait = (i: number): boolean =>
            (images[i]?.width ?? 0) < (images[i]?.height ?? 0);
          const numMixed = batches.filter(
            ({ indices }) => new Set(indices.map(portrait)).size > 1,
          ).length;
          expect(numMixed).toBeLessThanOrEqual(1);
          for (const { indices } of batches.slice(0, -2)) expect(indices).toHaveLength(batchSize);
        },
      ),
    );
  });

  it('shuffles anew each epoch, the same way for the same seed', () => {
    const dataset = fakeDataset(square(50));
    const make = (seed: number) =>
      createBatchSampler({
        dataset,
        indices: [...dataset.images.keys()],
        batchSize: 5,
        seed,
        shuffle: true,
      });
    expect(make(1).epoch(0)).toEqual(make(1).epoch(0));
    expect(make(1).epoch(0)).not.toEqual(make(1).epoch(1));
    expect(
      make(1)
        .epoch(0)
        .map(({ indices }) => indices),
    ).not.toEqual(
      make(2)
        .epoch(0)
        .map(({ indices }) => indices),
    );
  });

  it('streams into two buckets as AspectRatioBatchSampler does (by hand)', () => {
    // L = landscape or square, P = portrait: P0 L1 L2 P3 P4 L5 L6, two per batch
    const shape = (kind: string): FakeImage =>
      kind === 'P' ? { width: 2, height: 3 } : { width: 3, height: 3 };
    const dataset = fakeDataset(Array.from('PLLPPLL', shape));
    const sampler = createBatchSampler({
      dataset,
      indices: [...dataset.images.keys()],
      batchSize: 2,
      seed: 0,
      shuffle: false,
    });
    expect(sampler.epoch(0).map(({ indices }) => indices)).toEqual([[1, 2], [0, 3], [5, 6], [4]]);
  });

  it('walks positions across epochs and refuses nothing to draw from', () => {
    const dataset = fakeDataset(square(3));
    const sampler = createBatchSampler({
      dataset,
      indices: [0, 1, 2],
      batchSize: 2,
      seed: 0,
      shuffle: true,
    });
    expect(sampler.after({ epoch: 0, batch: 0 })).toEqual({ epoch: 0, batch: 1 });
    expect(sampler.after({ epoch: 0, batch: 1 })).toEqual({ epoch: 1, batch: 0 });
    expect(sampler.at({ epoch: 0, batch: 5 })).toEqual(sampler.epoch(2)[1]);
    expect(() =>
      createBatchSampler({ dataset, indices: [], batchSize: 2, seed: 0, shuffle: true }),
    ).toThrow(RangeError);
  });
});

describe('filterForTraining', () => {
  it('drops empty, small and missing images; crowds count as content', () => {
    const dataset = fakeDataset([
      { width: 50, height: 50, boxes: [[1, 1, 9, 9]] },
      { width: 50, height: 50 },
      { width: 31, height: 50, boxes: [[1, 1, 9, 9]] },
      { width: 32, height: 50, boxes: [[1, 1, 9, 9]], flags: [FLAG_IGNORE] },
      { width: 50, height: 50, boxes: [[1, 1, 9, 9]], missing: true },
    ]);
    expect([...filterForTraining(dataset, [4, 3, 2, 1, 0])]).toEqual([3, 0]);
    expect([
      ...filterForTraining(dataset, [0, 1, 2, 3, 4], { filterEmptyGt: false, minSize: 1 }),
    ]).toEqual([0, 1, 2, 3]);
  });
});

describe('chooseInputSize', () => {
  it('takes the smallest bucket that holds the batch, else the exact size', () => {
    const shapes = [
      [144, 192],
      [192, 100],
    ] as const;
    expect(chooseInputSize(shapes, [], 32)).toEqual([192, 192]);
    expect(
      chooseInputSize(
        shapes,
        [
          [256, 256],
          [224, 192],
          [160, 512],
        ],
        32,
      ),
    ).toEqual([224, 192]);
    expect(chooseInputSize(shapes, [[160, 512]], 32)).toEqual([192, 192]);
    expect(chooseInputSize([[1, 33]], [], 32)).toEqual([32, 64]);
  });
});

describe('LruCache', () => {
  it('never holds more than its limit, and forgets the least recently used first', () => {
    const cache = new LruCache<string, number>(10);
    cache.set('a', 1, 4);
    cache.set('b', 2, 4);
    cache.get('a');
    cache.set('c', 3, 4);
    expect([cache.get('a'), cache.get('b'), cache.get('c'), cache.bytes]).toEqual([
      1,
      undefined,
      3,
      8,
    ]);
    cache.set('huge', 4, 11);
    expect(cache.get('huge')).toBeUndefined();
    cache.set('a', 5, 10);
    expect([cache.get('a'), cache.get('c'), cache.bytes]).toEqual([5, undefined, 10]);
  });
});

describe('shownLabels and packSample', () => {
  const dataset = fakeDataset([
    {
      width: 40,
      height: 20,
      boxes: [
        [2, 4, 10, 12],
        [1, 1, 1, 9],
        [0, 0, 4, 4],
        [0, 0, 4, 5],
        [5, 5, 9, 9],
      ],
      flags: [0, 0, FLAG_IGNORE, FLAG_UNUSABLE, 0],
    },
  ]);

  it('leaves out unusable boxes and those without area, and keeps those to ignore apart', () => {
    const labels = shownLabels(dataset, 0, 1, [40, 20]);
    expect([...labels.ignoreFlags]).toEqual([0, 0, 1, 0]);
    const image = { width: 40, height: 20, data: new Uint8Array(3 * 40 * 20) };
    const packed = packSample(
      0,
      { ...labels, image, oriShape: [20, 40], scaleFactor: [1, 1], flipDirection: 'vertical' },
      32,
    );
    expect([...packed.boxes]).toEqual([2, 4, 10, 12, 5, 5, 9, 9]);
    expect([...packed.labels]).toEqual([0, 0]);
    expect([...packed.ignoreBoxes]).toEqual([0, 0, 4, 4]);
    expect(packed).toMatchObject({ padShape: [32, 64], flip: true, flipDirection: 'vertical' });
  });

  it('turns stored boxes by EXIF', () => {
    const stored = fakeDataset([{ width: 20, height: 40, boxes: [[0, 0, 10, 20]] }]);
    // shown 40 × 20 of a stored 20 × 40, orientation 6: the top left corner goes to the top right
    expect([...shownLabels(stored, 0, 6, [40, 20]).boxes]).toEqual([20, 0, 40, 10]);
  });
});

describe('placeInBatch', () => {
  it('puts rows at the top left and leaves the rest alone', () => {
    const batch = new Uint8Array(2 * 2 * 3 * 3);
    const image = { width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    placeInBatch(image, batch, 1, [2, 3]);
    expect([...batch.subarray(18)]).toEqual([
      1,
      2,
      3,
      4,
      5,
      6,
      ...Array.from({ length: 12 }, () => 0),
    ]);
    expect(batch.subarray(0, 18).every((v) => v === 0)).toBe(true);
  });
});

describe('createBatchLoader', () => {
  it('makes batches whose pixels, boxes and metas belong together', async () => {
    const images = [
      {
        width: 64,
        height: 32,
        boxes: [
          [0, 0, 16, 16],
          [8, 8, 40, 24],
        ],
      },
    ];
    const pipeline = createPipeline({ steps: [RESIZE], mix: undefined });
    const [batch] = await take(
      createBatchLoader(fakeOptions(images, { batchSize: 1, pipeline })),
      1,
    );
    if (batch === undefined) throw new Error('no batch');
    expect(batch.inputSize).toEqual([32, 32]);
    expect([...batch.imgShapes]).toEqual([16, 32]);
    expect([...batch.padShapes]).toEqual([32, 32]);
    expect([...batch.gtCounts]).toEqual([2]);
    expect([...batch.gtBoxes]).toEqual([0, 0, 8, 8, 4, 4, 20, 12, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect([...batch.gtLabels]).toEqual([0, 1, -1, -1]);
    expect(batch.metas).toEqual([
      {
        imageIndex: 0,
        imgShape: [16, 32],
        padShape: [32, 32],
        oriShape: [32, 64],
        scaleFactor: [0.5, 0.5],
        flip: false,
        flipDirection: null,
      },
    ]);
    // halving averages: columns 0 and 1 give (0 + 1 + 0 + 1 + 2) >> 2 = 1, columns 2 and 3 give 3
    expect([...batch.images.subarray(0, 6)]).toEqual([1, 1, 1, 1, 1, 3]);
    expect(batch.images.subarray(16 * 32 * 3).every((v) => v === 0)).toBe(true);
  });

  it('gives the same batches whatever the cache, the look-ahead and the speed of decoding', async () => {
    const images = square(9);
    const variants: Partial<BatchLoaderOptions>[] = [
      {},
      { cacheBytes: 0, prefetch: 1 },
      { prefetch: 6, decoder: fakeDecoder(images, (i) => (i * 7) % 5) },
    ];
    const runs = await Promise.all(
      variants.map((variant) => take(createBatchLoader(fakeOptions(images, variant)), 11)),
    );
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
    expect(runs[0]?.some(({ metas }) => metas.some(({ flip }) => flip))).toBe(true);
    expect(runs[0]?.some(({ metas }) => metas.some(({ flip }) => !flip))).toBe(true);
  });

  it('goes on from a stored position as if it had never stopped', async () => {
    const images = square(7);
    const whole = await take(createBatchLoader(fakeOptions(images)), 12);
    const first = createBatchLoader(fakeOptions(images));
    for (let i = 0; i < 5; i++) await first.next();
    const stored: unknown = JSON.parse(JSON.stringify(first.position));
    expect(stored).toEqual({ epoch: 1, batch: 1 });
    first.dispose();
    const rest = await take(
      createBatchLoader(fakeOptions(images, { start: { epoch: 1, batch: 1 } })),
      7,
    );
    expect(rest).toEqual(whole.slice(5));
  });

  it('decodes each image once when the cache holds them all', async () => {
    const images = square(6);
    const decoder = fakeDecoder(images);
    await take(createBatchLoader(fakeOptions(images, { decoder })), 12);
    expect(decoder.decoded).toBe(6);
  });

  it('replaces images that cannot be read by the next that can, and says each once', async () => {
    const images = square(5).map((image, i) => ({ ...image, broken: i === 1 || i === 2 }));
    const problems: Problem[] = [];
    const batches = await take(
      createBatchLoader(fakeOptions(images, { onProblem: (problem) => problems.push(problem) })),
      9,
    );
    const used = new Set(batches.flatMap(({ metas }) => metas.map(({ imageIndex }) => imageIndex)));
    expect([...used].toSorted()).toEqual([0, 3, 4]);
    expect(
      batches.every(({ metas, position }) => metas.length === (position.batch === 2 ? 1 : 2)),
    ).toBe(true);
    expect(problems.map(({ file, code }) => `${file} ${code}`).toSorted()).toEqual([
      '1.png image-unreadable',
      '2.png image-unreadable',
    ]);
  });

  it('rejects when nothing can be read', async () => {
    const images = square(3).map((image) => ({ ...image, broken: true }));
    const loader = createBatchLoader(fakeOptions(images));
    await expect(loader.next()).rejects.toMatchObject({ details: { code: 'no-readable-image' } });
    loader.dispose();
  });

  it('keeps the first boxes of an image with too many, and says so once', async () => {
    const images = [
      { width: 40, height: 40, boxes: Array.from({ length: 6 }, (_, i) => [i, 0, i + 8, 8]) },
    ];
    const problems: Problem[] = [];
    const batches = await take(
      createBatchLoader(
        fakeOptions(images, { batchSize: 1, onProblem: (problem) => problems.push(problem) }),
      ),
      3,
    );
    expect(batches.map(({ gtCounts }) => [...gtCounts])).toEqual([[4], [4], [4]]);
    expect(problems.map(({ code, file }) => [code, file])).toEqual([['too-many-boxes', '0.png']]);
  });
});

describe('evalBatches', () => {
  it('gives each readable image once, in order, and says which are left out', async () => {
    const images = square(7).map((image, i) => ({
      ...image,
      broken: i === 0 || i === 1 || i === 4,
    }));
    const problems: Problem[] = [];
    const seen: number[][] = [];
    for await (const { metas } of evalBatches({
      ...fakeOptions(images),
      onProblem: (problem) => problems.push(problem),
    }))
      seen.push(metas.map(({ imageIndex }) => imageIndex));
    expect(seen).toEqual([[2, 3], [5], [6]]);
    expect(problems).toHaveLength(3);
  });
});

it('padShapeOf rounds up', () => {
  expect(padShapeOf(1, 64, 32)).toEqual([32, 64]);
});
