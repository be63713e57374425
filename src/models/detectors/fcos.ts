import type { BoxLossSpec, CrossEntropySpec, FocalLossSpec } from '../losses/loss-options.ts';
import type { NormSpec } from '../norm-module.ts';
import type { PyramidOptions } from './pyramid-extractor.ts';
import type { DenseTestOptions } from './test-options.ts';

/** MMDetection's FCOS config as plain options. */
export interface FcosOptions extends PyramidOptions {
  readonly type: 'FCOS';
  readonly head: {
    readonly numClasses: number;
    readonly featChannels: number;
    readonly stackedConvs: number;
    /** Pixels between neighbouring points of each level. */
    readonly strides: readonly number[];
    /** Distances in strides through a ReLU, instead of in pixels through exp. */
    readonly normOnBbox: boolean;
    /** Centerness from the box tower instead of the class tower. */
    readonly centernessOnReg: boolean;
    readonly convBias: boolean;
    readonly norm: NormSpec | null;
  };
  /** Per level: the longest distance from a point to the sides of its box lies in this range, in pixels. */
  readonly regressRanges: readonly (readonly [low: number, high: number])[];
  /** Half side of the region around a box's centre whose points are positive, in strides; null = the whole box. */
  readonly centerSampling: number | null;
  readonly lossCls: FocalLossSpec;
  readonly lossBbox: Extract<BoxLossSpec, { type: 'IoULoss' | 'GIoULoss' }>;
  readonly lossCenterness: CrossEntropySpec;
  readonly test: DenseTestOptions;
}
