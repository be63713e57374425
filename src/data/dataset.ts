/**
 * What every dataset format is read into, and what every consumer (grid, loader, evaluation, export) reads.
 *
 * Boxes are xyxy, absolute pixels, float32, exclusive right and bottom, in the frame of the stored image
 * (`OriginalBoxes`). They are kept in flat typed arrays with one offset per image, so that a hundred thousand images
 * cost a few buffers and no objects.
 */
export type ProblemSeverity = 'error' | 'warning' | 'info';

/** One thing that is wrong (or worth knowing) about a dataset, with what was done about it. */
export interface Problem {
  /** Stable kebab-case code, e.g. `voc-box-zero-size`; the interface translates by it. */
  readonly code: string;
  readonly severity: ProblemSeverity;
  /** Path inside the dataset; empty when it concerns the whole set. */
  readonly file: string;
  /** 1-based line, where the format knows it. */
  readonly line?: number;
  /** What is wrong, in English, with the offending value. */
  readonly detail: string;
  /** What was done, or what the user can do. */
  readonly repair: string;
  readonly params?: Readonly<Record<string, string | number>>;
}

export interface ImageEntry {
  /** Position in {@link Dataset.images}; the id used everywhere in the app. */
  readonly index: number;
  /** Path inside the dataset's file source; `''` when no such file was found (then `missing` is true). */
  readonly path: string;
  /** What the user calls it: VOC stem or COCO file_name. */
  readonly name: string;
  /** COCO image id, or index + 1 for formats without ids. */
  readonly id: number;
  /** Size in pixels by the label file; 0 when the label file does not say (then the decoder's size counts). */
  readonly width: number;
  readonly height: number;
  readonly missing: boolean;
}

/** Annotations in structure-of-arrays form; those of image i are `offsets[i] … offsets[i + 1] - 1`. */
export interface Annotations {
  /** [numImages + 1] */
  readonly offsets: Uint32Array;
  /** [numAnnotations, 4] xyxy */
  readonly boxes: Float32Array;
  /** [numAnnotations] class index 0 … K-1 */
  readonly labels: Int32Array;
  /** [numAnnotations] bit 0: crowd or difficult (ignored in training and evaluation) · bit 1: unusable box, kept for counts only */
  readonly flags: Uint8Array;
  /** [numAnnotations] area as the file states it (COCO), else width × height */
  readonly areas: Float32Array;
}

export const FLAG_IGNORE = 1;
export const FLAG_UNUSABLE = 2;

export type DatasetFormat = 'voc' | 'coco' | 'sample';

export interface Dataset {
  readonly format: DatasetFormat;
  readonly name: string;
  /** Class names in label order: COCO categories in file order; VOC names sorted by code point. */
  readonly classes: readonly string[];
  /** COCO category id of each class; 1 … K for other formats. */
  readonly categoryIds: readonly number[];
  readonly images: readonly ImageEntry[];
  readonly annotations: Annotations;
  /** Split name → image indices in list order. Always has at least one split; `all` when the data names none. */
  readonly splits: Readonly<Record<string, Uint32Array>>;
  /** Number of annotations of each class as in the files (crowd, difficult and unusable boxes included). */
  readonly classCounts: readonly number[];
  readonly problems: readonly Problem[];
  /** Reads the encoded bytes of an image. Rejects with a UserError naming the file. */
  readImage(index: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Gives the pixels where the dataset makes them itself (the sample); absent for datasets of encoded files.
   * Always RGB, rows top to bottom.
   */
  readonly renderImage?: (index: number) => Promise<RgbImage>;
}

/** Decoded pixels: RGB, 8 bit, interleaved, rows top to bottom, EXIF orientation applied. `data.length = 3·width·height`. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
  /** Set when only a part could be decoded (a truncated file): what was missing, for the user. */
  readonly damage?: string;
}

/** The one place where the browser and Node differ: turning an encoded image into pixels. */
export interface ImageDecoder {
  /** Rejects with a UserError (`image-unreadable`, `image-too-large`) naming `name`. */
  decode(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<RgbImage>;
  dispose(): void;
}
