import { inputBoxes, type InputBoxes } from '../../boxes/box-types.ts';
import { orientBoxes } from '../../boxes/convert.ts';
import { FLAG_IGNORE, FLAG_UNUSABLE, type Dataset } from '../dataset.ts';
import type { FlipDirection } from '../pixels/flip.ts';
import { keepLabels } from '../transforms/pipeline-sample.ts';
import type { PipelineSample, SampleLabels } from '../transforms/pipeline-sample.ts';

/** An image as the network will see it, with its labels; MMDetection's names of the metas in camel case. */
export interface TrainSample {
  readonly imageIndex: number;
  /** [h, w, 3] RGB, not padded for the batch. */
  readonly image: Uint8Array;
  /** Size at the end of the pipeline, before the batch pads: [h, w]. */
  readonly imgShape: readonly [number, number];
  /** `imgShape` rounded up to the pad divisor: [h, w]. */
  readonly padShape: readonly [number, number];
  /** Size of the decoded image, EXIF turned: [h, w]. */
  readonly oriShape: readonly [number, number];
  /** [new ÷ old width, new ÷ old height] of the last resize. */
  readonly scaleFactor: readonly [number, number];
  readonly flip: boolean;
  readonly flipDirection: FlipDirection | null;
  /** [n · 4] xyxy in the input frame. */
  readonly boxes: InputBoxes;
  /** [n] class index. */
  readonly labels: Int32Array;
  /** [m · 4] xyxy in the input frame: boxes to ignore, crowds and the like. */
  readonly ignoreBoxes: InputBoxes;
}

/** An image's labels in the frame in which the image is shown. Unusable boxes are absent, ignored ones are marked. */
export function shownLabels(
  dataset: Dataset,
  imageIndex: number,
  /** EXIF orientation by which the boxes still have to be turned; 1 for none. */
  boxOrientation: number,
  /** [width, height] as shown */
  [width, height]: readonly [number, number],
): SampleLabels {
  const { offsets, boxes, labels, flags } = dataset.annotations;
  const kept: number[] = [];
  for (let i = offsets[imageIndex] ?? 0; i < (offsets[imageIndex + 1] ?? 0); i++) {
    if (((flags[i] ?? 0) & FLAG_UNUSABLE) === 0) kept.push(i);
  }
  const flat = new Float32Array(4 * kept.length);
  kept.forEach((from, to) => flat.set(boxes.subarray(4 * from, 4 * from + 4), 4 * to));
  const [storedWidth, storedHeight] = boxOrientation >= 5 ? [height, width] : [width, height];
  return {
    boxes:
      boxOrientation === 1 ? flat : orientBoxes(flat, boxOrientation, storedWidth, storedHeight),
    labels: Int32Array.from(kept, (i) => labels[i] ?? 0),
    ignoreFlags: Uint8Array.from(kept, (i) => (flags[i] ?? 0) & FLAG_IGNORE),
  };
}

/**
 * The sample at the end of a pipeline. Boxes without area are left out: a ground truth that overlaps nothing would make
 * every anchor with IoU 0 positive. Boxes to ignore are kept apart from those to learn.
 */
export function packSample(
  imageIndex: number,
  sample: PipelineSample,
  padSizeDivisor: number,
): TrainSample {
  const { image, oriShape, scaleFactor, flipDirection } = sample;
  const { width, height, data } = image;
  if (!(data instanceof Uint8Array)) throw new Error('packSample: expected 8-bit pixels');
  const whole = keepLabels(sample, (x1, y1, x2, y2) => x2 > x1 && y2 > y1);
  const ignored = (flag: boolean): number[] =>
    Array.from(whole.labels.keys()).filter((i) => (whole.ignoreFlags[i] !== 0) === flag);
  const boxesOf = (indices: readonly number[]): InputBoxes => {
    const boxes = new Float32Array(4 * indices.length);
    indices.forEach((from, to) => boxes.set(whole.boxes.subarray(4 * from, 4 * from + 4), 4 * to));
    return inputBoxes(boxes);
  };
  const learned = ignored(false);
  return {
    imageIndex,
    image: data,
    imgShape: [height, width],
    padShape: padShapeOf(height, width, padSizeDivisor),
    oriShape,
    scaleFactor,
    flip: flipDirection !== null,
    flipDirection,
    boxes: boxesOf(learned),
    labels: Int32Array.from(learned, (i) => whole.labels[i] ?? 0),
    ignoreBoxes: boxesOf(ignored(true)),
  };
}

/** Rounds each side up to a multiple of `divisor`. */
export function padShapeOf(height: number, width: number, divisor: number): [number, number] {
  return [Math.ceil(height / divisor) * divisor, Math.ceil(width / divisor) * divisor];
}

/** Copies an [h, w, 3] image into the top left corner of image `n` of a batch [N, H, W, 3]. */
export function placeInBatch(
  image: { readonly data: Uint8Array; readonly width: number; readonly height: number },
  batch: Uint8Array,
  n: number,
  inputSize: readonly [number, number],
): void {
  const { data, width, height } = image;
  const [inputHeight, inputWidth] = inputSize;
  for (let y = 0; y < height; y++) {
    const from = 3 * width * y;
    batch.set(data.subarray(from, from + 3 * width), 3 * inputWidth * (n * inputHeight + y));
  }
}
