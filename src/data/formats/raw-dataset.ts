import type { DatasetFormat, Problem } from '../dataset.ts';
import type { SourceFile } from '../file-source.ts';

/** One image as its label file describes it, before the image itself was looked at. */
export interface RawImage {
  /** VOC stem or COCO file_name. */
  readonly name: string;
  readonly id: number;
  /** Undefined when no such file was found. */
  readonly file: SourceFile | undefined;
  /** Where its labels are, for messages. */
  readonly labelFile: string;
  /** Size by the label file; 0 when it does not say. */
  readonly width: number;
  readonly height: number;
}

/** One annotation as read. `box` is in the file's own coordinates; {@link BoxRules} bring it to xyxy, 0-based. */
export interface RawAnnotation {
  /** Index into {@link RawDataset.images}. */
  readonly image: number;
  readonly label: number;
  /** xyxy; for VOC still 1-based. */
  readonly box: readonly [number, number, number, number];
  /** Crowd, difficult or marked `ignore`. */
  readonly ignore: boolean;
  /** As stated; NaN when the file does not say. */
  readonly area: number;
  /** What a message calls it by: VOC's position among the objects, COCO's annotation id (else its position). */
  readonly ordinal: number;
  readonly line?: number;
}

/** How coordinates of a format become those of a {@link Dataset}. */
export interface BoxRules {
  /** What a label of a box is called in this format, e.g. `object`. */
  readonly noun: string;
  /** VOC: coordinates are cut to whole numbers and lessened by 1, as MMDetection's XMLDataset does. */
  readonly oneBased: boolean;
  /** COCO: boxes narrower or lower than this, by the file, are unusable (MMDetection's CocoDataset: 1). 0: only empty ones. */
  readonly minSide: number;
}

/** What a format reader gives: everything in the files, nothing judged yet but what could not be read at all. */
export interface RawDataset {
  readonly format: DatasetFormat;
  readonly name: string;
  readonly classes: readonly string[];
  readonly categoryIds: readonly number[];
  readonly images: readonly RawImage[];
  readonly annotations: readonly RawAnnotation[];
  /** Split name → image indices in list order. */
  readonly splits: ReadonlyMap<string, readonly number[]>;
  readonly rules: BoxRules;
  readonly problems: readonly Problem[];
}

/** How far opening has come; `total` is 0 while it is not known. */
export interface OpenProgress {
  readonly phase: 'labels' | 'images';
  readonly done: number;
  readonly total: number;
}

export type OnOpenProgress = (progress: OpenProgress) => void;
