import { roiAlign } from '../../ops/roi-align/roi-align.ts';
import { mapRoiLevels } from '../../ops/roi-levels/roi-levels.ts';
import type { Tensor, Tensor4D } from '../../tensor/tf.ts';
import type { DetectorRules } from '../rules.ts';

/** MMDetection's `SingleRoIExtractor` with `RoIAlign`. */
export interface RoiExtractorOptions {
  /** Strides of the pyramid levels that RoIs are taken from, finest first. */
  readonly featmapStrides: readonly number[];
  /** Height and width of a RoI's features, in bins. */
  readonly outputSize: readonly [number, number];
  /** Sampling points per bin and axis; 0: as many as the bin has cells, rounded up. */
  readonly samplingRatio: number;
  /** Whether RoIs are shifted by half a cell (mmcv's default), so that they are not misaligned by it. */
  readonly aligned: boolean;
  /** RoIs up to twice this side, in pixels, are taken from the finest level. */
  readonly finestScale: number;
}

/** torchvision's `MultiScaleRoIAlign`: RoIs of 224 pixels are taken from P4. */
const CANONICAL_SCALE = 224;
const CANONICAL_LEVEL = 4;

/** Features of each RoI from the one level that suits its size (Lin et al., 2017, FPN eq. 1). */
export class SingleRoiExtractor {
  readonly #options: RoiExtractorOptions;
  readonly #rules: DetectorRules;

  constructor(options: RoiExtractorOptions, rules: DetectorRules) {
    this.#options = options;
    this.#rules = rules;
  }

  /** int32 [R]: the level of each RoI, −1 for a slot that is not there. */
  levels(rois: Tensor, present: Tensor): Tensor {
    const { featmapStrides, finestScale } = this.#options;
    const kMin = Math.log2(featmapStrides[0] ?? 1);
    return this.#rules === 'mmdetection'
      ? mapRoiLevels(
          rois,
          { rule: 'mmdetection', finestScale, numLevels: featmapStrides.length },
          present,
        )
      : mapRoiLevels(
          rois,
          {
            rule: 'torchvision',
            canonicalScale: CANONICAL_SCALE,
            canonicalLevel: CANONICAL_LEVEL,
            kMin,
            kMax: kMin + featmapStrides.length - 1,
          },
          present,
        );
  }

  /**
   * @param pyramid the neck's levels; those beyond the strides are not used
   * @param rois float32 [R, 5]: image, x1, y1, x2, y2 in input pixels
   * @param present int32 [R]: 0 for a slot that is not there
   * @returns float32 [R, h, w, C]; differentiable in the pyramid
   */
  forward(pyramid: readonly Tensor4D[], rois: Tensor, present: Tensor): Tensor4D {
    const { featmapStrides, outputSize, samplingRatio, aligned } = this.#options;
    return roiAlign(pyramid.slice(0, featmapStrides.length), rois, this.levels(rois, present), {
      spatialScales: featmapStrides.map((stride) => 1 / stride),
      outputSize,
      samplingRatio,
      aligned,
    });
  }
}
