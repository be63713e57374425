/** Data sets, decoders and loader options for tests. */
import { UserError } from '../../base/errors.ts';
import type { TransformStep } from '../../config/schema/pipeline.ts';
import type { Dataset, ImageDecoder, ImageEntry } from '../dataset.ts';
import type { BatchLoaderOptions, BatchLoader, LoadedBatch } from './batch-loader.ts';
import { createPipeline } from './pipeline.ts';
import { fakeSample } from '../transforms/fake-sample.ts';
import { crc32 } from './image-damage.ts';
import type { PipelineSample } from '../transforms/pipeline-sample.ts';
import type { TransformJob } from './transform-job.ts';

export interface FakeImage {
  width: number;
  height: number;
  boxes?: number[][];
  flags?: number[];
  missing?: boolean;
  broken?: boolean;
}

/** A data set whose "files" hold only the index of the image, for a decoder that paints it. */
export function fakeDataset(images: readonly FakeImage[]): Dataset {
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
export function fakeDecoder(
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

/** Resize to 32 × 32, keeping the ratio. */
export const RESIZE: TransformStep = {
  type: 'Resize',
  scale: [32, 32],
  scale_factor: null,
  keep_ratio: true,
  clip_object_border: true,
  backend: 'cv2',
  interpolation: 'bilinear',
};
export const FLIP: TransformStep = { type: 'RandomFlip', prob: 0.5, direction: 'horizontal' };

export const square = (n: number): FakeImage[] =>
  Array.from({ length: n }, () => ({ width: 40, height: 40, boxes: [[4, 4, 20, 20]] }));

export function fakeOptions(
  images: readonly FakeImage[],
  more: Partial<BatchLoaderOptions> = {},
): BatchLoaderOptions {
  const dataset = fakeDataset(images);
  return {
    dataset,
    indices: Array.from(images.keys()),
    decoder: fakeDecoder(images),
    pipeline: createPipeline({ steps: [RESIZE, FLIP], mix: undefined }),
    batchSize: 2,
    buckets: [],
    maxGts: 4,
    prefetch: 2,
    seed: 7,
    cacheBytes: 1e6,
    ...more,
  };
}

export async function take(loader: BatchLoader, n: number): Promise<LoadedBatch[]> {
  const batches: LoadedBatch[] = [];
  for (let i = 0; i < n; i++) batches.push(await loader.next());
  loader.dispose();
  return batches;
}

/** Every heavy transform once, on a small image: what it gives must be the same in Node and in each browser. */
export const HEAVY_JOB: TransformJob = {
  sample: fakeSample(40, 30, [
    [2, 3, 20, 25],
    [10, 5, 39, 12],
  ]),
  steps: [
    {
      type: 'Mosaic',
      img_scale: [36, 28],
      center_ratio_range: [0.5, 1.5],
      bbox_clip_border: true,
      pad_val: 114,
      prob: 1,
    },
    {
      type: 'RandomAffine',
      max_rotate_degree: 10,
      max_translate_ratio: 0.1,
      scaling_ratio_range: [0.5, 1.5],
      max_shear_degree: 2,
      border: [-18, -14],
      border_val: [114, 114, 114],
      bbox_clip_border: true,
    },
    {
      type: 'PhotoMetricDistortion',
      brightness_delta: 32,
      contrast_range: [0.5, 1.5],
      saturation_range: [0.5, 1.5],
      hue_delta: 18,
    },
    {
      type: 'MixUp',
      img_scale: [32, 32],
      ratio_range: [0.5, 1.5],
      flip_ratio: 0.5,
      pad_val: 114,
      max_iters: 15,
      bbox_clip_border: true,
    },
    { ...RESIZE, scale: [50, 41], keep_ratio: false },
  ],
  firstStep: 1,
  mixed: [
    [20, 90, 200].map((blue) => fakeSample(blue, 33, [[4, 4, 19, 30]], blue)),
    [],
    [],
    [fakeSample(25, 60, [[0, 0, 25, 50]], 250)],
    [],
  ],
  draw: { seed: 5, counters: [2, 1] },
  tries: 1,
  last: true,
};

/** CRC-32 of the pixels and of the boxes that {@link HEAVY_JOB} gives. */
export const HEAVY_CHECKSUMS: readonly number[] = [2033613556, 392175126];

/** CRC-32 of a sample's pixels and of its boxes. */
export function checksumsOf({ image, boxes }: PipelineSample): number[] {
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array | Uint8Array): Uint8Array =>
    new Uint8Array(buffer, byteOffset, byteLength);
  return [crc32(bytes(image.data)), crc32(bytes(boxes))];
}
