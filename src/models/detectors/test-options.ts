/** MMDetection's `nms` of a test_cfg. */
export type NmsSpec =
  | { readonly type: 'nms'; readonly iouThreshold: number; readonly classAgnostic: boolean }
  | {
      readonly type: 'soft_nms';
      readonly iouThreshold: number;
      readonly classAgnostic: boolean;
      readonly method: 'linear' | 'gaussian' | 'naive';
      readonly sigma: number;
      readonly minScore: number;
    };

/** MMDetection's `test_cfg` of a one-stage detector. */
export interface DenseTestOptions {
  /** Candidates kept per level. */
  readonly nmsPre: number;
  /** Boxes with a side not above it are dropped, in pixels; below 0: none. */
  readonly minBboxSize: number;
  /** Candidates must score more than this. */
  readonly scoreThr: number;
  readonly nms: NmsSpec;
  readonly maxPerImg: number;
}

/** How an RPN's outputs become proposals: `train_cfg.rpn_proposal` and `test_cfg.rpn`. */
export interface ProposalOptions {
  readonly nmsPre: number;
  readonly maxPerImg: number;
  readonly nmsIouThr: number;
  readonly minBboxSize: number;
}

/** `test_cfg.rcnn` of a two-stage detector. */
export interface RcnnTestOptions {
  readonly scoreThr: number;
  readonly nms: NmsSpec;
  readonly maxPerImg: number;
}
