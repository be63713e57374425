import type { PackedArray } from '../../ops/oracle/parse-casepack.ts';

/** A map [N, C, H, W], or a matrix, in PyTorch's order. */
export interface PlainArray {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** Ground truths of one image. */
export interface Target {
  /** [G, 4], xyxy in input pixels. */
  readonly boxes: Float32Array<ArrayBuffer>;
  /** 0 … K − 1 */
  readonly labels: readonly number[];
}

/** What a fixture's model is run on. */
export interface ModelInputs {
  /** Batch, height and width of the padded input. */
  readonly size: readonly [batch: number, height: number, width: number];
  /** Pixels [height, width, 3], RGB, of each image; null where the fixture has only the normalised ones. */
  readonly images: readonly Picture[] | null;
  /** Height and width of each image inside the frame where there are no pictures; the whole frame unless said. */
  readonly imgShapes?: readonly (readonly [height: number, width: number])[];
  /** float32 [B, 3, H, W]; used where there are no images. */
  readonly normalised: PackedArray | null;
  readonly targets: readonly Target[];
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Boxes of one image, best first. */
export interface FoundBoxes {
  /** [n, 4] */
  readonly boxes: ArrayLike<number>;
  readonly scores: ArrayLike<number>;
  /** A class 0 … K − 1, or a pyramid level. */
  readonly labels: ArrayLike<number>;
}

/** The second stage of one image in evaluation mode; a row per proposal. */
export interface RoiEvaluation {
  /** With the level that each comes from. */
  readonly proposals: FoundBoxes;
  /** Level that each is pooled from. */
  readonly levels: ArrayLike<number>;
  /** [P, C, h, w] */
  readonly features: PlainArray;
  /** [P, classes and background], [P, 4 · rows] */
  readonly clsScore: PlainArray;
  readonly bboxPred: PlainArray;
}

/** A pass in evaluation mode. */
export interface Evaluation {
  /** The input of the backbone, [B, 3, H, W]. */
  readonly normalised: PlainArray;
  /** C2 … C5 */
  readonly backbone: readonly PlainArray[];
  readonly pyramid: readonly PlainArray[];
  /** The dense head or the RPN, per level: [B, A · K, H, W] and [B, A · 4, H, W]. */
  readonly cls: readonly PlainArray[];
  readonly reg: readonly PlainArray[];
  /** [n, 4] per level. */
  readonly anchors: readonly ArrayLike<number>[];
  /** Per image; absent for one stage. */
  readonly rois: readonly RoiEvaluation[];
  readonly detections: readonly FoundBoxes[];
}

/** What the first training step decides before its losses, for one image. */
export interface ImageInternals {
  /** Of each anchor before sampling: ground truth, −1 background, −2 ignored. */
  readonly assigned: readonly number[];
  /** Anchors whose losses count, ascending; absent for one stage. */
  readonly sampledPositives: readonly number[];
  readonly sampledNegatives: readonly number[];
  /** Absent for one stage. */
  readonly second: SecondStageInternals | null;
}

export interface SecondStageInternals {
  readonly proposals: FoundBoxes;
  /** Sampled RoIs in their order, [S, 4]. */
  readonly rois: ArrayLike<number>;
  readonly labels: readonly number[];
  /** Matched ground truth, −1 for a negative. */
  readonly matchedGt: readonly number[];
  /** [S, 4], 0 for negatives. */
  readonly deltas: ArrayLike<number>;
  readonly levels: readonly number[];
}

/** Losses by MMDetection's keys; `total` is the sum of those that are losses. While training also `grad_norm`. */
export type Losses = Readonly<Record<string, number>>;

export interface FirstStep {
  readonly losses: Losses;
  /** By MMDetection's names, in PyTorch's layout; null for what is not trained. */
  readonly gradients: ReadonlyMap<string, ArrayLike<number> | null>;
}

export interface SgdOptions {
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

export interface Training {
  /** Before each update. */
  readonly history: readonly Losses[];
  /** All tensors after the first update, by MMDetection's names, in PyTorch's layout. */
  readonly afterFirst: ReadonlyMap<string, PlainArray>;
}

/** A detector with a fixture's weights and inputs, on one backend. Every method starts from those weights. */
export interface ModelUnderTest {
  evaluate(): Promise<Evaluation>;
  internals(): Promise<readonly ImageInternals[]>;
  firstStep(): Promise<FirstStep>;
  train(options: SgdOptions, steps: number): Promise<Training>;
  dispose(): void;
}
