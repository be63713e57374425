import type { Problem } from '../dataset.ts';
import { chooseInputSize, type InputSize } from './bucket.ts';
import { placeInBatch, type TrainSample } from './sample.ts';

/** What the step needs to know of each image beside its pixels. */
export type SampleMeta = Omit<TrainSample, 'image' | 'boxes' | 'labels' | 'ignoreBoxes'>;

/** N images with their ground truths, ready for upload. */
export interface Batch {
  /** [N, H, W, 3] RGB, 0 outside each image. */
  readonly images: Uint8Array<ArrayBuffer>;
  /** [H, W] */
  readonly inputSize: InputSize;
  /** [N, 2] height, width before padding */
  readonly imgShapes: Int32Array<ArrayBuffer>;
  /** [N, 2] height, width, each image's own multiple of the pad divisor: what anchor validity goes by */
  readonly padShapes: Int32Array<ArrayBuffer>;
  /** [N, maxGts, 4] xyxy in the input frame, 0 beyond the count */
  readonly gtBoxes: Float32Array<ArrayBuffer>;
  /** [N, maxGts] class index, −1 beyond the count */
  readonly gtLabels: Int32Array<ArrayBuffer>;
  /** [N] */
  readonly gtCounts: Int32Array<ArrayBuffer>;
  /** [N, maxIgnores, 4] xyxy of boxes to ignore (ignore_iof_thr), 0 beyond the count; absent where nobody asked for them */
  readonly gtIgnoreBoxes?: Float32Array<ArrayBuffer>;
  /** [N] */
  readonly gtIgnoreCounts?: Int32Array<ArrayBuffer>;
  readonly metas: readonly SampleMeta[];
}

export interface CollateOptions {
  readonly maxGts: number;
  /** Room for boxes to ignore per image, at least 1; they are left out when absent. */
  readonly maxIgnores?: number | undefined;
  /** Padded sizes to choose from; empty for the exact size. */
  readonly buckets: readonly InputSize[];
  readonly padSizeDivisor: number;
  /** Called for an image with more than `maxGts` boxes. */
  readonly onProblem: (problem: Problem, imageIndex: number) => void;
}

/** Puts samples together. Of more than `maxGts` boxes the first are kept, and it is said. */
export function collate(samples: readonly TrainSample[], options: CollateOptions): Batch {
  const { maxGts, buckets, padSizeDivisor } = options;
  const n = samples.length;
  const inputSize = chooseInputSize(
    samples.map(({ imgShape }) => imgShape),
    buckets,
    padSizeDivisor,
  );
  const images = new Uint8Array(n * inputSize[0] * inputSize[1] * 3);
  const [imgShapes, padShapes, gtCounts] = [
    new Int32Array(2 * n),
    new Int32Array(2 * n),
    new Int32Array(n),
  ];
  const gtBoxes = new Float32Array(n * maxGts * 4);
  const gtLabels = new Int32Array(n * maxGts).fill(-1);
  const ignores =
    options.maxIgnores === undefined ? {} : collateIgnores(samples, options.maxIgnores, options);
  samples.forEach((sample, i) => {
    const [height, width] = sample.imgShape;
    placeInBatch({ data: sample.image, width, height }, images, i, inputSize);
    imgShapes.set(sample.imgShape, 2 * i);
    padShapes.set(sample.padShape, 2 * i);
    const count = Math.min(sample.labels.length, maxGts);
    if (count < sample.labels.length) {
      options.onProblem(
        tooMany('too-many-boxes', 'boxes', sample.labels.length, maxGts),
        sample.imageIndex,
      );
    }
    gtCounts[i] = count;
    gtBoxes.set(sample.boxes.subarray(0, 4 * count), 4 * i * maxGts);
    gtLabels.set(sample.labels.subarray(0, count), i * maxGts);
  });
  const metas = samples.map(
    ({ image: _image, boxes: _boxes, labels: _labels, ignoreBoxes: _ignored, ...meta }) => meta,
  );
  return {
    images,
    inputSize,
    imgShapes,
    padShapes,
    gtBoxes,
    gtLabels,
    gtCounts,
    ...ignores,
    metas,
  };
}

function collateIgnores(
  samples: readonly TrainSample[],
  room: number,
  { onProblem }: CollateOptions,
): Required<Pick<Batch, 'gtIgnoreBoxes' | 'gtIgnoreCounts'>> {
  const gtIgnoreBoxes = new Float32Array(samples.length * room * 4);
  const gtIgnoreCounts = new Int32Array(samples.length);
  samples.forEach(({ ignoreBoxes, imageIndex }, i) => {
    const given = ignoreBoxes.length / 4;
    const count = Math.min(given, room);
    if (count < given) {
      onProblem(tooMany('too-many-ignored-boxes', 'boxes to ignore', given, room), imageIndex);
    }
    gtIgnoreCounts[i] = count;
    gtIgnoreBoxes.set(ignoreBoxes.subarray(0, 4 * count), 4 * i * room);
  });
  return { gtIgnoreBoxes, gtIgnoreCounts };
}

function tooMany(code: string, what: string, count: number, limit: number): Problem {
  return {
    code,
    severity: 'warning',
    file: '',
    detail: `The image has ${count} ${what}; a step takes ${limit}.`,
    repair: `The first ${limit} are used.`,
    params: { count, limit },
  };
}
