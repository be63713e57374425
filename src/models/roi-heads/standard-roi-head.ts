import type { BoxLossSpec, CoderSpec, CrossEntropySpec } from '../losses/loss-options.ts';
import type { ConvFcBboxHeadOptions } from './conv-fc-bbox-head.ts';
import type { RoiExtractorOptions } from './single-roi-extractor.ts';

/** MMDetection's `StandardRoIHead` as plain options. */
export interface StandardRoiHeadOptions {
  readonly extractor: RoiExtractorOptions;
  readonly bboxHead: Omit<
    ConvFcBboxHeadOptions,
    'inChannels' | 'roiFeatSize' | 'clsRows' | 'regRows'
  > & {
    /** K: classes without the background. */
    readonly numClasses: number;
    /** One box per RoI instead of one per class. */
    readonly regClassAgnostic: boolean;
    readonly coder: CoderSpec;
    readonly lossCls: CrossEntropySpec;
    readonly lossBbox: BoxLossSpec;
  };
}
