import { orientBoxes } from '../../boxes/convert.ts';
import { UserError } from '../../base/errors.ts';
import {
  FLAG_IGNORE,
  FLAG_UNUSABLE,
  type Annotations,
  type Dataset,
  type ImageEntry,
  type Problem,
} from '../dataset.ts';
import { labelFrame } from '../image-frame.ts';
import { shownSize } from '../loader/image-header.ts';
import type { RawAnnotation, RawDataset, RawImage } from './raw-dataset.ts';
import type { ScannedImage } from './scan-images.ts';

/** Whole pixels beyond this are not exact in float32. */
const MAX_COORDINATE = 2 ** 24;

type Box = readonly [number, number, number, number];

/** Judges boxes of one image: what can be used, as 0-based xyxy, with a Problem for whatever cannot or was mended. */
class BoxJudge {
  readonly #raw: RawDataset;
  readonly #problems: Problem[];
  #fractional = 0;

  constructor(raw: RawDataset, problems: Problem[]) {
    this.#raw = raw;
    this.#problems = problems;
  }

  /** `size` is the frame the box is in (0 where it is not known). */
  judge(
    annotation: RawAnnotation,
    size: { width: number; height: number },
  ): { box: Box; usable: boolean } {
    const { rules } = this.#raw;
    const [x1, y1, x2, y2] = annotation.box;
    const [w, h] = [x2 - x1, y2 - y1];
    if (annotation.box.some((value) => Math.abs(value) > MAX_COORDINATE)) {
      const judged = this.#unusable(
        annotation,
        'box-overflow',
        `${this.#show(annotation)} has a coordinate beyond ${MAX_COORDINATE}.`,
      );
      return { ...judged, box: [0, 0, 0, 0] };
    }
    if (w < 0 || h < 0)
      return this.#unusable(
        annotation,
        'box-inverted',
        `${this.#show(annotation)} ends before it begins.`,
      );
    if (w === 0 || h === 0)
      return this.#unusable(annotation, 'box-zero-size', `${this.#show(annotation)} has no area.`);
    if (w < rules.minSide || h < rules.minSide)
      return this.#unusable(
        annotation,
        'box-tiny',
        `${this.#show(annotation)} is narrower or lower than ${rules.minSide} pixel.`,
      );
    if (annotation.area <= 0)
      return this.#unusable(
        annotation,
        'box-area-zero',
        `${this.#show(annotation)} states an area of ${annotation.area}.`,
      );
    // Counted from 1, a box that ends at the image's rim ends at width + 1.
    const rim = rules.oneBased ? 1 : 0;
    const [right, bottom] = [
      size.width === 0 ? Infinity : size.width + rim,
      size.height === 0 ? Infinity : size.height + rim,
    ];
    const clipped: Box = [
      Math.max(x1, 0),
      Math.max(y1, 0),
      Math.min(x2, right),
      Math.min(y2, bottom),
    ];
    if (clipped[2] <= clipped[0] || clipped[3] <= clipped[1]) {
      return this.#unusable(
        annotation,
        'box-outside',
        `${this.#show(annotation)} is wholly outside the image (${size.width} × ${size.height}).`,
      );
    }
    if (clipped.some((value, i) => value !== annotation.box[i])) {
      this.#report(
        annotation,
        'box-clipped',
        'info',
        `${this.#show(annotation)} reaches beyond the image (${size.width} × ${size.height}).`,
        `It was clipped to [${clipped.join(', ')}].`,
      );
    }
    const box = this.#zeroBased(clipped);
    if (box[2] <= box[0] || box[3] <= box[1])
      return this.#unusable(
        annotation,
        'box-zero-size',
        `${this.#show(annotation)} has no area once cut to whole pixels.`,
      );
    return { box, usable: true };
  }

  /** Said once for the whole set. */
  finish(): void {
    if (this.#fractional === 0) return;
    this.#problems.push({
      code: 'voc-box-fractional',
      severity: 'info',
      file: '',
      detail: `${this.#fractional} boxes have fractions of pixels.`,
      repair: 'They were cut to whole pixels, as MMDetection does on loading.',
      params: { count: this.#fractional },
    });
  }

  /** MMDetection's XMLDataset: int(float(text)) − 1 on all four. */
  #zeroBased(box: Box): Box {
    if (!this.#raw.rules.oneBased) return box;
    const [x1, y1, x2, y2] = box;
    if (!box.every(Number.isInteger)) this.#fractional += 1;
    return [Math.trunc(x1) - 1, Math.trunc(y1) - 1, Math.trunc(x2) - 1, Math.trunc(y2) - 1];
  }

  #show(annotation: RawAnnotation): string {
    const { noun } = this.#raw.rules;
    const name = this.#raw.classes[annotation.label] ?? '';
    return `The box [${annotation.box.join(', ')}] of ${noun} ${annotation.ordinal} (${name})`;
  }

  #report(
    annotation: RawAnnotation,
    code: string,
    severity: Problem['severity'],
    detail: string,
    repair: string,
  ): void {
    const file = this.#raw.images[annotation.image]?.labelFile ?? '';
    const line = annotation.line === undefined ? {} : { line: annotation.line };
    this.#problems.push({
      code: `${this.#raw.format}-${code}`,
      severity,
      file,
      ...line,
      detail,
      repair,
    });
  }

  #unusable(
    annotation: RawAnnotation,
    code: string,
    detail: string,
  ): { box: Box; usable: boolean } {
    this.#report(
      annotation,
      code,
      'warning',
      detail,
      'It counts, but is neither trained on nor evaluated.',
    );
    return { box: this.#zeroBased(annotation.box), usable: false };
  }
}

/** Size and frame of an image once its header is known, with what there is to say about it. */
function placeImage(
  image: RawImage,
  scanned: ScannedImage | undefined,
  problems: Problem[],
): { width: number; height: number; orientation: number; usable: boolean } {
  const { width, height } = image;
  const file = image.file?.path ?? image.labelFile;
  if (scanned?.error !== undefined) {
    problems.push({
      code: 'image-unreadable',
      severity: 'error',
      file,
      detail: scanned.error,
      repair: 'It counts, but is neither trained on nor evaluated.',
    });
    return { width, height, orientation: 1, usable: false };
  }
  const header = scanned?.header;
  if (header === undefined)
    return { width, height, orientation: 1, usable: image.file !== undefined };
  const shown = shownSize(header);
  const frame = labelFrame({ width, height }, header);
  if (frame === 'stored') {
    problems.push({
      code: 'image-exif-turned',
      severity: 'info',
      file,
      detail: `The image is stored as ${header.width} × ${header.height} and shown as ${shown.width} × ${shown.height} (EXIF orientation ${header.orientation}); its labels state the stored size.`,
      repair: 'Its boxes were turned along with the image.',
    });
    return { ...shown, orientation: header.orientation, usable: true };
  }
  if (frame === 'neither') {
    problems.push({
      code: 'image-size-mismatch',
      severity: 'warning',
      file,
      detail: `The labels state ${width} × ${height}, the image has ${shown.width} × ${shown.height} pixels.`,
      repair: "The image's own size counts; check whether the image was resized after labelling.",
    });
  }
  return { ...shown, orientation: 1, usable: true };
}

/** Counting sort of annotations by image, keeping file order within an image. */
function orderByImage(raw: RawDataset): { order: Uint32Array; offsets: Uint32Array } {
  const offsets = new Uint32Array(raw.images.length + 1);
  for (const { image } of raw.annotations) offsets[image + 1] = (offsets[image + 1] ?? 0) + 1;
  for (let i = 1; i < offsets.length; i++) offsets[i] = (offsets[i] ?? 0) + (offsets[i - 1] ?? 0);
  const next = offsets.slice();
  const order = new Uint32Array(raw.annotations.length);
  raw.annotations.forEach(({ image }, i) => {
    const at = next[image] ?? 0;
    order[at] = i;
    next[image] = at + 1;
  });
  return { order, offsets };
}

function buildAnnotations(
  raw: RawDataset,
  scans: readonly (ScannedImage | undefined)[],
  places: readonly { orientation: number; width: number; height: number }[],
  problems: Problem[],
): Annotations {
  const { order, offsets } = orderByImage(raw);
  const judge = new BoxJudge(raw, problems);
  const boxes = new Float32Array(4 * order.length);
  const [labels, flags, areas] = [
    new Int32Array(order.length),
    new Uint8Array(order.length),
    new Float32Array(order.length),
  ];
  order.forEach((from, to) => {
    const annotation = raw.annotations[from];
    if (annotation === undefined) return;
    const place = places[annotation.image] ?? { orientation: 1, width: 0, height: 0 };
    const stored = place.orientation === 1 ? place : (scans[annotation.image]?.header ?? place);
    const { box, usable } = judge.judge(annotation, stored);
    const flat = Float32Array.from(box);
    boxes.set(
      place.orientation === 1
        ? flat
        : orientBoxes(flat, place.orientation, stored.width, stored.height),
      4 * to,
    );
    labels[to] = annotation.label;
    flags[to] = (annotation.ignore ? FLAG_IGNORE : 0) | (usable ? 0 : FLAG_UNUSABLE);
    const stated = Math.fround(annotation.area);
    areas[to] = Number.isFinite(stated) ? stated : (box[2] - box[0]) * (box[3] - box[1]);
  });
  judge.finish();
  return { offsets, boxes, labels, flags, areas };
}

function missingFile(image: RawImage): UserError {
  return new UserError({
    code: 'image-missing',
    what: `There is no image for ${image.name}.`,
    why: 'Its label file names an image that the data does not hold.',
    action: 'Add the image to the folder, or remove its label.',
    place: { file: image.labelFile },
  });
}

/**
 * Makes a {@link Dataset} of what a format reader found and what the image headers say: judges every box, settles EXIF
 * frames and sizes, counts classes. Nothing is dropped here: unusable boxes and images stay, flagged or `missing`.
 */
export function finishDataset(
  raw: RawDataset,
  scans: readonly (ScannedImage | undefined)[],
): Dataset {
  const problems = [...raw.problems];
  const places = raw.images.map((image, i) => placeImage(image, scans[i], problems));
  const annotations = buildAnnotations(raw, scans, places, problems);
  const images = raw.images.map((image, index): ImageEntry => {
    const { width = 0, height = 0, usable = false } = places[index] ?? {};
    return {
      index,
      path: image.file?.path ?? '',
      name: image.name,
      id: image.id,
      width,
      height,
      missing: !usable,
    };
  });
  const splits = [...raw.splits].map(
    ([name, indices]) => [name, Uint32Array.from(indices)] as const,
  );
  const classCounts = raw.classes.map(() => 0);
  for (const label of annotations.labels) classCounts[label] = (classCounts[label] ?? 0) + 1;
  return {
    format: raw.format,
    name: raw.name,
    classes: raw.classes,
    categoryIds: raw.categoryIds,
    images,
    annotations,
    splits: Object.fromEntries(
      splits.length > 0 ? splits : [['all', Uint32Array.from(images, ({ index }) => index)]],
    ),
    classCounts,
    problems,
    readImage: async (index) => {
      const image = raw.images[index];
      if (image === undefined) throw new RangeError(`readImage: no image ${index}`);
      if (image.file === undefined) throw missingFile(image);
      return image.file.bytes();
    },
  };
}
