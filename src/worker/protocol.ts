/**
 * The boundary between the interface and the engine: every command, event and payload. Types only.
 *
 * A command is answered once, with its reply or with {@link ErrorDetails}. Events come unasked, in order. Large data is
 * transferred, never copied; each payload says what is transferred. The engine runs in a dedicated Worker in the app, in
 * the same thread in tests (`FakeEngine`), and in Node for the command line.
 */
import type { ErrorDetails } from '../base/errors.ts';
import type { DatasetFormat, Problem } from '../data/dataset.ts';

// ---------------------------------------------------------------- device

export interface DeviceReport {
  readonly available: boolean;
  /** e.g. `google swiftshader (SwiftShader Device)`; empty when there is no adapter. */
  readonly adapter: string;
  readonly vendor: string;
  readonly architecture: string;
  /** A software adapter: works, but trains slowly, and the app says so. */
  readonly isFallback: boolean;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  readonly selfTest: SelfTestReport;
  /** Why there is no usable device, and what to do on this browser and system. */
  readonly problem?: ErrorDetails;
}

export interface SelfTestReport {
  readonly passed: number;
  readonly failed: number;
  readonly cases: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly detail: string;
    readonly ms: number;
  }[];
}

// ---------------------------------------------------------------- data

/** What the interface hands over when something is dropped or chosen. Files and handles are cloned, not read, on the way. */
export type DatasetInput =
  | { readonly kind: 'sample'; readonly seed: number }
  | {
      readonly kind: 'files';
      readonly name: string;
      readonly files: readonly { readonly path: string; readonly file: File }[];
    }
  | { readonly kind: 'zip'; readonly file: File };

export interface DatasetSummary {
  readonly id: string;
  readonly name: string;
  readonly format: DatasetFormat;
  /** Why this format was chosen, in English (e.g. `364 XML files with <annotation>, JPEGImages, ImageSets/Main`). */
  readonly evidence: string;
  readonly classes: readonly { readonly name: string; readonly count: number }[];
  readonly numImages: number;
  readonly numAnnotations: number;
  readonly splits: Readonly<Record<string, number>>;
  /** The splits that training and evaluation will use. */
  readonly trainSplit: string;
  readonly valSplit: string;
  readonly problems: readonly Problem[];
  /** Licence and source of the sample's artwork; absent for the user's data. */
  readonly licence?: { readonly name: string; readonly text: string; readonly source: string };
}

export interface ImageInfo {
  readonly index: number;
  readonly name: string;
  readonly path: string;
  /** Pixels by the label file; 0 when it does not say. */
  readonly width: number;
  readonly height: number;
  readonly missing: boolean;
  /** [n, 4] xyxy in original pixels. */
  readonly boxes: Float32Array;
  readonly labels: Int32Array;
  /** Bit 0 ignored (crowd, difficult), bit 1 unusable. */
  readonly flags: Uint8Array;
}

/** A decoded picture; `bitmap` is transferred and must be closed by the receiver. */
export interface Picture {
  readonly bitmap: ImageBitmap;
  /** Size of the original image in pixels (the bitmap may be smaller). */
  readonly width: number;
  readonly height: number;
  readonly damage?: string;
}

// ---------------------------------------------------------------- config

export interface ConfigProblem extends ErrorDetails {
  readonly severity: 'error' | 'warning';
}

/** The dozen values that people change first; the form shows these, in step with the text. */
export interface ConfigField {
  /** Dotted key into the merged config, e.g. `optim_wrapper.optimizer.lr`. */
  readonly key: string;
  /** i18n id of the label: `field.lr`, `field.imageSize` … */
  readonly labelId: string;
  readonly kind: 'number' | 'integer' | 'boolean' | 'choice' | 'list' | 'size' | 'strings';
  readonly value: unknown;
  readonly choices?: readonly string[];
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  /** Which file set it: the preset's own file, one of its bases, the data, or `default`. */
  readonly origin: string;
  /** Name of the form group: `data`, `schedule`, `optimizer`, `anchors`, `model`. */
  readonly group: string;
  readonly readOnly?: boolean;
}

export interface ConfigView {
  /** The text as edited (YAML, MMDetection 3.x keys, may have `_base_`). */
  readonly text: string;
  /** The merged config as YAML. Empty when the text does not parse. */
  readonly merged: string;
  /** Dotted key → file that set it. */
  readonly origins: Readonly<Record<string, string>>;
  readonly fields: readonly ConfigField[];
  readonly problems: readonly ConfigProblem[];
  /** Iterations that a run would make, and how they come about (e.g. `12 epochs × 64`). 0 when invalid. */
  readonly plannedIterations: number;
}

export interface PresetInfo {
  /** e.g. `retinanet/retinanet_r18_fpn_sample` */
  readonly name: string;
  readonly description: string;
}

// ---------------------------------------------------------------- run

export type RunPhase =
  | 'idle'
  | 'preparing'
  | 'running'
  | 'pausing'
  | 'paused'
  | 'stopping'
  | 'stopped'
  | 'finished'
  | 'failed';

export interface RunStatus {
  readonly runId: string;
  readonly name: string;
  readonly phase: RunPhase;
  /** Iterations done. */
  readonly iter: number;
  readonly maxIters: number;
  readonly epoch: number;
  readonly maxEpochs: number;
  /** Seconds until the end at the present rate; -1 when not known yet. */
  readonly etaSeconds: number;
  readonly imagesPerSecond: number;
  /** Milliseconds per iteration, of which waiting for data. */
  readonly timeMs: number;
  readonly dataTimeMs: number;
  readonly gpuBytes: number;
  /** What is being prepared: `compiling`, `decoding`, `warming-up` …, with counts. */
  readonly progress?: { readonly label: string; readonly done: number; readonly total: number };
  readonly error?: ErrorDetails;
}

/** Metric rows since the last event, oldest first. `values[row * keys.length + column]`; transferred. */
export interface MetricsBatch {
  readonly runId: string;
  /** `loss`, `loss_cls`, `loss_bbox`, `lr`, `grad_norm`, `data_time`, `time` … (MMEngine's names) */
  readonly keys: readonly string[];
  /** [rows] iteration number, 1-based, as MMEngine logs it */
  readonly iters: Int32Array;
  /** [rows × keys] float64; NaN where a row has no such value */
  readonly values: Float64Array;
}

/** Boxes in original image pixels, best first. Arrays are transferred. */
export interface Detections {
  /** [n, 4] xyxy */
  readonly boxes: Float32Array;
  /** [n] 0 … 1 */
  readonly scores: Float32Array;
  /** [n] class index */
  readonly labels: Int32Array;
}

export interface Preview {
  readonly runId: string;
  readonly iter: number;
  readonly imageIndex: number;
  readonly detections: Detections;
}

export interface CheckpointInfo {
  readonly name: string;
  readonly classes: readonly string[];
  readonly iter: number;
  readonly tensors: number;
  readonly bytes: number;
  /** Keys of the model that the file lacks, keys of the file that the model lacks, keys whose shapes differ. */
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly mismatched: readonly string[];
  readonly config: string;
}

// ---------------------------------------------------------------- the two maps

/** command → request and reply. */
export interface Commands {
  hello: {
    request: { readonly userAgent: string };
    reply: { readonly device: DeviceReport; readonly presets: readonly PresetInfo[] };
  };
  openDataset: { request: { readonly input: DatasetInput }; reply: DatasetSummary };
  /** Annotations and names of a range of a split (or of all images when `split` is `''`), in list order. */
  listImages: {
    request: { readonly split: string; readonly offset: number; readonly count: number };
    reply: { readonly images: readonly ImageInfo[] };
  };
  /** Long side of at most `maxSide` pixels; 0 = full size. */
  getPicture: { request: { readonly index: number; readonly maxSide: number }; reply: Picture };
  /** The dataset as a zip (the sample, exported as VOC or COCO). */
  exportDataset: {
    request: { readonly format: 'voc' | 'coco' };
    reply: { readonly fileName: string; readonly data: ArrayBuffer };
  };

  loadPreset: { request: { readonly name: string }; reply: ConfigView };
  /** Parse, merge and check a config text (with the open dataset's classes filled in). */
  checkConfig: { request: { readonly text: string }; reply: ConfigView };
  /** Change one value in the text, keeping comments and order. */
  editConfig: {
    request: { readonly text: string; readonly key: string; readonly value: unknown };
    reply: ConfigView;
  };

  startRun: {
    request: { readonly configText: string; readonly name: string; readonly seed: number };
    reply: { readonly runId: string };
  };
  pauseRun: { request: { readonly runId: string }; reply: { readonly iter: number } };
  resumeRun: { request: { readonly runId: string }; reply: { readonly iter: number } };
  stopRun: { request: { readonly runId: string }; reply: { readonly iter: number } };
  /** The images that are re-predicted while training; at most 4. */
  setPinned: {
    request: { readonly indices: readonly number[] };
    reply: { readonly indices: readonly number[] };
  };

  saveCheckpoint: {
    request: Record<string, never>;
    reply: { readonly fileName: string; readonly data: ArrayBuffer };
  };
  loadCheckpoint: {
    request: { readonly name: string; readonly data: ArrayBuffer };
    reply: CheckpointInfo;
  };
  /** Detections on a dropped picture, or on an image of the dataset, with the current model. */
  predict: {
    request: {
      readonly image:
        | { readonly kind: 'blob'; readonly blob: Blob; readonly name: string }
        | { readonly kind: 'dataset'; readonly index: number };
      readonly scoreThr: number;
    };
    reply: {
      readonly detections: Detections;
      readonly classes: readonly string[];
      readonly ms: number;
    };
  };
}

/** event → payload. */
export interface Events {
  run: RunStatus;
  metrics: MetricsBatch;
  preview: Preview;
  /** One line as MMEngine prints it. */
  log: { readonly level: 'info' | 'warning' | 'error'; readonly line: string };
  /** Progress of openDataset: files listed, annotations parsed. */
  progress: {
    readonly task: 'listing' | 'parsing' | 'exporting';
    readonly done: number;
    readonly total: number;
  };
  /** Problems that turn up later than openDataset (a corrupt image met while training). */
  problem: Problem;
  /** The GPU device was lost or reported an error; a run, if any, has stopped. */
  device: { readonly error: ErrorDetails };
}

export type CommandName = keyof Commands;
export type EventName = keyof Events;

/** What the interface talks to: the Worker's client, the in-process session, or a fake. */
export interface EngineClient {
  call<K extends CommandName>(
    command: K,
    request: Commands[K]['request'],
  ): Promise<Commands[K]['reply']>;
  /** Returns the function that unsubscribes. */
  on<K extends EventName>(event: K, listener: (payload: Events[K]) => void): () => void;
  dispose(): void;
}

// ---------------------------------------------------------------- wire format

export type ToEngine = {
  readonly id: number;
  readonly command: CommandName;
  readonly request: unknown;
};
export type FromEngine =
  | { readonly kind: 'reply'; readonly id: number; readonly ok: true; readonly reply: unknown }
  | {
      readonly kind: 'reply';
      readonly id: number;
      readonly ok: false;
      readonly error: ErrorDetails;
    }
  | { readonly kind: 'event'; readonly event: EventName; readonly payload: unknown };
