import { clipBoxes, flipBoxesHorizontally, orientBoxes, scaleBoxes } from '../../boxes/convert.ts';
import { inputBoxes, type InputBoxes } from '../../boxes/box-types.ts';
import { FLAG_IGNORE, FLAG_UNUSABLE, type Dataset, type RgbImage } from '../dataset.ts';

/** An image as the network will see it, with its labels; MMDetection's names of the metas in camel case. */
export interface TrainSample {
  readonly imageIndex: number;
  /** [h, w, 3] RGB, resized, not padded, not yet mirrored: `flip` says whether it is to be. */
  readonly image: Uint8Array;
  /** Size after resizing, before padding: [h, w]. */
  readonly imgShape: readonly [number, number];
  /** `imgShape` rounded up to the pad divisor: [h, w]. */
  readonly padShape: readonly [number, number];
  /** Size of the decoded image, EXIF turned: [h, w]. */
  readonly oriShape: readonly [number, number];
  /** [new ÷ old width, new ÷ old height]. */
  readonly scaleFactor: readonly [number, number];
  readonly flip: boolean;
  /** [n · 4] xyxy in the input frame, mirrored when `flip`, clipped to `imgShape`. */
  readonly boxes: InputBoxes;
  /** [n] class index. */
  readonly labels: Int32Array;
}

/** How an image came to its input size. */
export interface Geometry {
  readonly width: number;
  readonly height: number;
  readonly oriWidth: number;
  readonly oriHeight: number;
  readonly scaleFactor: readonly [number, number];
  readonly flip: boolean;
  /** EXIF orientation by which the boxes still have to be turned; 1 for none. */
  readonly boxOrientation: number;
}

function usableLabels(
  dataset: Dataset,
  imageIndex: number,
): { boxes: Float32Array<ArrayBuffer>; labels: Int32Array<ArrayBuffer> } {
  const { offsets, boxes, labels, flags } = dataset.annotations;
  const kept: number[] = [];
  for (let i = offsets[imageIndex] ?? 0; i < (offsets[imageIndex + 1] ?? 0); i++) {
    // Ignored boxes are simply absent in training: ignore_iof_thr is −1 in every config of this family
    if (((flags[i] ?? 0) & (FLAG_IGNORE | FLAG_UNUSABLE)) === 0) kept.push(i);
  }
  const flat = new Float32Array(4 * kept.length);
  kept.forEach((from, to) => flat.set(boxes.subarray(4 * from, 4 * from + 4), 4 * to));
  return { boxes: flat, labels: Int32Array.from(kept, (i) => labels[i] ?? 0) };
}

/**
 * The labels of an image in its input frame: turned by EXIF where needed, scaled in float32, clipped to the resized
 * image, mirrored; MMDetection's order. Ignored and unusable boxes are absent, and so are boxes without area after
 * clipping: a ground truth that overlaps nothing would make every anchor with IoU 0 positive.
 */
export function labelsInInput(
  dataset: Dataset,
  imageIndex: number,
  geometry: Geometry,
): { boxes: InputBoxes; labels: Int32Array } {
  const { width, height, oriWidth, oriHeight, scaleFactor, flip, boxOrientation } = geometry;
  const usable = usableLabels(dataset, imageIndex);
  const [storedWidth, storedHeight] =
    boxOrientation >= 5 ? [oriHeight, oriWidth] : [oriWidth, oriHeight];
  const shown =
    boxOrientation === 1
      ? usable.boxes
      : orientBoxes(usable.boxes, boxOrientation, storedWidth, storedHeight);
  const clipped = clipBoxes(scaleBoxes(shown, ...scaleFactor), width, height);
  const placed = flip ? flipBoxesHorizontally(clipped, width) : clipped;
  const kept = Array.from(usable.labels.keys()).filter(
    (i) =>
      (placed[4 * i + 2] ?? 0) > (placed[4 * i] ?? 0) &&
      (placed[4 * i + 3] ?? 0) > (placed[4 * i + 1] ?? 0),
  );
  const boxes = new Float32Array(4 * kept.length);
  kept.forEach((from, to) => boxes.set(placed.subarray(4 * from, 4 * from + 4), 4 * to));
  return { boxes: inputBoxes(boxes), labels: Int32Array.from(kept, (i) => usable.labels[i] ?? 0) };
}

/** Rounds each side up to a multiple of `divisor`. */
export function padShapeOf(height: number, width: number, divisor: number): [number, number] {
  return [Math.ceil(height / divisor) * divisor, Math.ceil(width / divisor) * divisor];
}

/** Copies an [h, w, 3] image into the top left corner of image `n` of a batch [N, H, W, 3], mirrored when `flip`. */
export function placeInBatch(
  image:
    | Pick<RgbImage, 'data' | 'width' | 'height'>
    | { data: Uint8Array; width: number; height: number },
  batch: Uint8Array,
  n: number,
  inputSize: readonly [number, number],
  flip: boolean,
): void {
  const { data, width, height } = image;
  const [inputHeight, inputWidth] = inputSize;
  for (let y = 0; y < height; y++) {
    const from = 3 * width * y;
    const to = 3 * inputWidth * (n * inputHeight + y);
    if (!flip) batch.set(data.subarray(from, from + 3 * width), to);
    else {
      for (let x = 0; x < width; x++) {
        const source = from + 3 * (width - 1 - x);
        batch[to + 3 * x] = data[source] ?? 0;
        batch[to + 3 * x + 1] = data[source + 1] ?? 0;
        batch[to + 3 * x + 2] = data[source + 2] ?? 0;
      }
    }
  }
}
