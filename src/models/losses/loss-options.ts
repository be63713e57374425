/** `FocalLoss` of MMDetection (sigmoid). */
export interface FocalLossSpec {
  readonly gamma: number;
  readonly alpha: number;
  readonly lossWeight: number;
}

/** `CrossEntropyLoss` of MMDetection; whether it is a sigmoid's or a softmax's follows from the head. */
export interface CrossEntropySpec {
  readonly lossWeight: number;
  /** Factor of each class's rows; null = 1. */
  readonly classWeight: readonly number[] | null;
}

/** A regression loss. Those on IoU work on decoded boxes (`reg_decoded_bbox`), the others on deltas. */
export type BoxLossSpec =
  | { readonly type: 'L1Loss'; readonly lossWeight: number }
  | { readonly type: 'SmoothL1Loss'; readonly lossWeight: number; readonly beta: number }
  | {
      readonly type: 'IoULoss';
      readonly lossWeight: number;
      readonly eps: number;
      readonly mode: 'log' | 'linear' | 'square';
    }
  | { readonly type: 'GIoULoss'; readonly lossWeight: number; readonly eps: number };

/** Means and standard deviations of dx, dy, dw, dh (`DeltaXYWHBBoxCoder`). */
export interface CoderSpec {
  readonly means: readonly [number, number, number, number];
  readonly stds: readonly [number, number, number, number];
}

/** `class_weight` where the config gives one, as the loss kernels take it. */
export function classWeightOf({ classWeight }: CrossEntropySpec): {
  readonly classWeight?: readonly number[];
} {
  return classWeight === null ? {} : { classWeight };
}
