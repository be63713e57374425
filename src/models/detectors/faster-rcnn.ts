import { ParameterSet } from '../parameter-set.ts';
import type { BoxLossSpec, CoderSpec, CrossEntropySpec } from '../losses/loss-options.ts';
import type { StandardRoiHeadOptions } from '../roi-heads/standard-roi-head.ts';
import type { DetectorRules } from '../rules.ts';
import type { AnchorSpec } from '../task-modules/anchors/anchor-cache.ts';
import type { StageTrainOptions } from '../task-modules/stage-train-options.ts';
import type { PyramidOptions } from './pyramid-extractor.ts';
import type { ProposalOptions, RcnnTestOptions } from './test-options.ts';

/** MMDetection's Faster R-CNN config as plain options. */
export interface FasterRcnnOptions extends PyramidOptions {
  readonly type: 'FasterRCNN';
  readonly rules: DetectorRules;
  readonly rpnHead: {
    readonly featChannels: number;
    readonly numConvs: number;
    readonly anchors: AnchorSpec;
    readonly coder: CoderSpec;
    readonly lossCls: CrossEntropySpec;
    readonly lossBbox: BoxLossSpec;
  };
  readonly roiHead: StandardRoiHeadOptions;
  readonly train: {
    readonly rpn: StageTrainOptions;
    /** Anchors may reach this many pixels outside the image; −1 = any number. */
    readonly allowedBorder: number;
    readonly rpnProposal: ProposalOptions;
    readonly rcnn: StageTrainOptions;
  };
  readonly test: {
    readonly rpn: ProposalOptions;
    readonly rcnn: RcnnTestOptions;
  };
}
