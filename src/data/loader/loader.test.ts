import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../base/errors.ts';
import { rng } from '../../base/rng.ts';
import {
  FLAG_IGNORE,
  FLAG_UNUSABLE,
  type Dataset,
  type ImageDecoder,
  type ImageEntry,
  type Problem,
} from '../dataset.ts';
import {
  createBatchLoader,
  evalBatches,
  type BatchLoaderOptions,
  type LoadedBatch,
} from './batch-loader.ts';
import { createBatchSampler, filterForTraining } from './batch-sampler.ts';
import { chooseInputSize } from './bucket.ts';
import { LruCache } from './lru-cache.ts';
import { createPipeline } from './pipeline.ts';
import { labelsInInput, padShapeOf, placeInBatch } from './sample.ts';

interface FakeImage {
  width: number;
  height: number;
  boxes?: number[][];
  flags?: number[];
  missing?: boolean;
  broken?: boolean;
}

/** A data set whose "files" hold only the index of the image, for a decoder that paints it. */
function fakeDataset(images: readonly FakeImage[]): Dataset {
  const rows = images.flatMap((image, index) =>
    (image.boxes ?? []).map((box, i) => ({ index, box, flag: image.flags?.[i] ?? 0 })),
  );
  const offsets = Uint32Array.from(
    { length: images.length + 1 },
    (_, i) => rows.filter(({ index }) => index < i).length,
  );
  return {
    format: 'coco',
    name: 'fake',
    classes: ['a', 'b'],
    categoryIds: [1, 2],
    images: images.map(({ width, height, missing = false }, index): ImageEntry => ({
      index,
      path: `${index}.png`,
      name: `${index}`,
      id: index + 1,
      width,
      height,
      missing,
    })),
    annotations: {
      offsets,
      boxes: Float32Array.from(rows.flatMap(({ box }) => box)),
      labels: Int32Array.from(rows, (_, i) => i % 2),
      flags: Uint8Array.from(rows, ({ flag }) => flag),
      areas: Float32Array.from(rows, () => 1),
    },
    splits: { all: Uint32Array.from(images.keys()) },
    classCounts: [0, 0],
    problems: [],
    readImage: (index) => Promise.resolve(Uint8Array.of(index)),
  };
}

/** Paints image i all in colour (i, i, x mod 256), after a random while. */
function fakeDecoder(
  images: readonly FakeImage[],
  delay: (index: number) => number = () => 0,
): ImageDecoder & { decoded: number } {
  const decoder = {
    decoded: 0,
    decode: async (bytes: Uint8Array<ArrayBuffer>, name: string) => {
      const index = bytes[0] ?? 0;
      const image = images[index];
      await new Promise((resolve) => setTimeout(resolve, delay(index)));
      if (image === undefined || image.broken === true)
        throw new UserError({ code: 'image-unreadable', what: 'broken', place: { file: name } });
      decoder.decoded += 1;
      const { width, height } = image;
      return {
        width,
        height,
        data: Uint8Array.from({ length: 3 * width * height }, (_, i) =>
          i % 3 === 2 ? (Math.floor(i / 3) % width) & 255 : index + 1,
        ),
      };
    },
    dispose: () => undefined,
  };
  return decoder;
}

const square = (n: number): FakeImage[] =>
  Array.from({ length: n }, () => ({ width: 40, height: 40, boxes: [[4, 4, 20, 20]] }));

function options(
  images: readonly FakeImage[],
  more: Partial<BatchLoaderOptions> = {},
): BatchLoaderOptions {
  const dataset = fakeDataset(images);
  return {
    dataset,
    indices: Array.from(images.keys()),
    decoder: fakeDecoder(images),
    pipeline: createPipeline({ scale: [32, 32], keepRatio: true, flipProb: 0.5 }),
    batchSize: 2,
    buckets: [],
    maxGts: 4,
    prefetch: 2,
    seed: 7,
    cacheBytes: 1e6,
    ...more,
  };
}

async function take(
  loader: ReturnType<typeof createBatchLoader>,
  n: number,
): Promise<LoadedBatch[]> {
  const batches: LoadedBatch[] = [];
  for (let i = 0; i < n; i++) batches.push(await loader.next());
  loader.dispose();
  return batches;
}

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

describe('createPipeline', () => {
  it('draws flips and scales by their probabilities, from the stream alone', () => {
    const pipeline = createPipeline({
      scale: [9, 9],
      choiceScales: [
        [1, 1],
        [2, 2],
        [3, 3],
      ],
      keepRatio: true,
      flipProb: 0.25,
    });
    const plans = Array.from({ length: 4000 }, (_, i) => pipeline.plan(rng(1, i)));
    expect(plans.filter(({ flip }) => flip).length / 4000).toBeCloseTo(0.25, 1);
    for (const side of [1, 2, 3])
      expect(plans.filter(({ scale }) => scale[0] === side).length / 4000).toBeCloseTo(1 / 3, 1);
    expect(pipeline.plan(rng(1, 5))).toEqual(pipeline.plan(rng(1, 5)));
  });

  it('refuses what is out of range', () => {
    const base = { scale: [32, 32] as const, keepRatio: true, flipProb: 0 };
    expect(() => createPipeline({ ...base, flipProb: 1.5 })).toThrow(RangeError);
    expect(() => createPipeline({ ...base, scale: [0, 32] })).toThrow(RangeError);
    expect(() => createPipeline({ ...base, scale: [32, Number.NaN] })).toThrow(RangeError);
    expect(() => createPipeline({ ...base, padSizeDivisor: 0 })).toThrow(RangeError);
  });
});

describe('labelsInInput', () => {
  const geometry = {
    width: 20,
    height: 10,
    oriWidth: 40,
    oriHeight: 20,
    scaleFactor: [0.5, 0.5] as const,
    flip: false,
    boxOrientation: 1,
  };

  it('scales, clips, mirrors, and leaves out what is ignored, unusable or gone', () => {
    const dataset = fakeDataset([
      {
        width: 40,
        height: 20,
        boxes: [
          [2, 4, 10, 12],
          [-4, -4, 60, 60],
          [0, 0, 4, 4],
          [0, 0, 4, 4],
          [-9, 0, -1, 5],
        ],
        flags: [0, 0, FLAG_IGNORE, FLAG_UNUSABLE, 0],
      },
    ]);
    const straight = labelsInInput(dataset, 0, geometry);
    expect([...straight.boxes]).toEqual([1, 2, 5, 6, 0, 0, 20, 10]);
    expect([...straight.labels]).toEqual([0, 1]);
    const mirrored = labelsInInput(dataset, 0, { ...geometry, flip: true });
    expect([...mirrored.boxes]).toEqual([15, 2, 19, 6, 0, 0, 20, 10]);
  });

  it('keeps every box inside the image, with some area', () => {
    const number = fc.integer({ min: -100, max: 200 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(number, number, number, number), { maxLength: 10 }),
        fc.boolean(),
        (boxes, flip) => {
          const placed = labelsInInput(fakeDataset([{ width: 40, height: 20, boxes }]), 0, {
            ...geometry,
            flip,
          });
          for (let i = 0; i < placed.labels.length; i++) {
            const [x1 = -1, y1 = -1, x2 = -1, y2 = -1] = placed.boxes.subarray(4 * i, 4 * i + 4);
            expect(x1 >= 0 && y1 >= 0 && x2 <= 20 && y2 <= 10 && x2 > x1 && y2 > y1).toBe(true);
          }
        },
      ),
    );
  });

  it('turns stored boxes by EXIF before scaling', () => {
    const dataset = fakeDataset([{ width: 20, height: 40, boxes: [[0, 0, 10, 20]] }]);
    // shown 40 × 20 of a stored 20 × 40, orientation 6: (0,0)…(10,20) → right end (20,0)…(40,10), halved
    expect([...labelsInInput(dataset, 0, { ...geometry, boxOrientation: 6 }).boxes]).toEqual([
      10, 0, 20, 5,
    ]);
  });
});

describe('placeInBatch', () => {
  it('puts rows at the top left and leaves the rest alone, mirrored or not', () => {
    const batch = new Uint8Array(2 * 2 * 3 * 3);
    placeInBatch(
      { width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) },
      batch,
      1,
      [2, 3],
      true,
    );
    expect([...batch.subarray(18)]).toEqual([
      4,
      5,
      6,
      1,
      2,
      3,
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
    const pipeline = createPipeline({ scale: [32, 32], keepRatio: true, flipProb: 0 });
    const [batch] = await take(createBatchLoader(options(images, { batchSize: 1, pipeline })), 1);
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
      variants.map((variant) => take(createBatchLoader(options(images, variant)), 11)),
    );
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
    expect(runs[0]?.some(({ metas }) => metas.some(({ flip }) => flip))).toBe(true);
    expect(runs[0]?.some(({ metas }) => metas.some(({ flip }) => !flip))).toBe(true);
  });

  it('goes on from a stored position as if it had never stopped', async () => {
    const images = square(7);
    const whole = await take(createBatchLoader(options(images)), 12);
    const first = createBatchLoader(options(images));
    for (let i = 0; i < 5; i++) await first.next();
    const stored: unknown = JSON.parse(JSON.stringify(first.position));
    expect(stored).toEqual({ epoch: 1, batch: 1 });
    first.dispose();
    const rest = await take(
      createBatchLoader(options(images, { start: { epoch: 1, batch: 1 } })),
      7,
    );
    expect(rest).toEqual(whole.slice(5));
  });

  it('decodes each image once when the cache holds them all', async () => {
    const images = square(6);
    const decoder = fakeDecoder(images);
    await take(createBatchLoader(options(images, { decoder })), 12);
    expect(decoder.decoded).toBe(6);
  });

  it('replaces images that cannot be read by the next that can, and says each once', async () => {
    const images = square(5).map((image, i) => ({ ...image, broken: i === 1 || i === 2 }));
    const problems: Problem[] = [];
    const batches = await take(
      createBatchLoader(options(images, { onProblem: (problem) => problems.push(problem) })),
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
    const loader = createBatchLoader(options(images));
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
        options(images, { batchSize: 1, onProblem: (problem) => problems.push(problem) }),
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
      ...options(images),
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
