import type { PointLevel } from '../../ops/fcos-targets/point-level.ts';
import type { AnchorLevel } from '../../ops/anchor-valid-flags/anchor-levels.ts';
import { anchorValidFlags } from '../../ops/anchor-valid-flags/anchor-valid-flags.ts';
import { binaryCrossEntropyLoss } from '../../ops/cross-entropy-loss/binary-cross-entropy-loss.ts';
import { fcosTargets } from '../../ops/fcos-targets/fcos-targets.ts';
import type { FcosTargets } from '../../ops/fcos-targets/fcos-targets.ts';
import { sigmoidFocalLoss } from '../../ops/focal-loss/sigmoid-focal-loss.ts';
import { iouLoss } from '../../ops/iou-loss/iou-loss.ts';
import type { Detections } from '../../ops/keep-best/keep-best.ts';
import { retinaPredict } from '../../ops/retina-predict/retina-predict.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor4D } from '../../tensor/tf.ts';
import { FcosHead } from '../dense-heads/fcos-head.ts';
import type { FcosHeadOptions, FcosLevel } from '../dense-heads/fcos-head.ts';
import { iouMeasure } from '../losses/dense-box-loss.ts';
import type { BoxLossSpec, FocalLossSpec } from '../losses/loss-options.ts';
import { ParameterSet } from '../parameter-set.ts';
import { PointCache } from '../task-modules/points/point-cache.ts';
import type { PointSet } from '../task-modules/points/point-cache.ts';
import type { DetectionBatch, Detector, ImageBatch, PredictOptions } from './detector.ts';
import { PyramidExtractor } from './pyramid-extractor.ts';
import type { PyramidOptions } from './pyramid-extractor.ts';
import type { DenseTestOptions } from './test-options.ts';

/** MMDetection's FCOS config as plain options. */
export interface FcosOptions extends PyramidOptions {
  readonly type: 'FCOS';
  readonly head: Omit<FcosHeadOptions, 'inChannels'>;
  /** Per level: the longest distance from a point to the sides of its box lies in this range, in pixels. */
  readonly regressRanges: readonly (readonly [low: number, high: number])[];
  /** Half side of the region around a box's centre whose points are positive, in strides; null = the whole box. */
  readonly centerSampling: number | null;
  readonly lossCls: FocalLossSpec;
  readonly lossBbox: Extract<BoxLossSpec, { type: 'IoULoss' | 'GIoULoss' }>;
  readonly lossCenterness: { readonly lossWeight: number };
  readonly test: DenseTestOptions;
}

/** What the head is trained towards, with what its boxes are measured by: constants for the gradient. */
export interface FcosBatchTargets extends FcosTargets {
  /** float32 [N, 4]: x, y in input pixels, and the stride along both axes */
  readonly points: Tensor;
  /** float32 [B, G, 4] xyxy */
  readonly gtBoxes: Tensor;
}

/**
 * FCOS (Tian et al., 2019, https://arxiv.org/abs/1904.01355) by MMDetection 3.x's rules: every point inside a ground truth
 * predicts it by its distances to the four sides; points far from the centre are turned down by a centerness, which weighs
 * the box loss and multiplies the scores. No anchors, and no thresholds on overlaps.
 */
export class Fcos implements Detector {
  readonly parameters: ParameterSet;
  readonly options: FcosOptions;
  readonly logKeys = ['loss_cls', 'loss_bbox', 'loss_centerness'];
  readonly extractor: PyramidExtractor;
  readonly #head: FcosHead;
  readonly #points: PointCache;

  /** Draws the initial weights from `seed`. */
  constructor(options: FcosOptions, seed: number) {
    this.options = options;
    this.parameters = new ParameterSet(seed);
    this.extractor = new PyramidExtractor(this.parameters, options);
    const inChannels = options.neck.outChannels;
    this.#head = new FcosHead(this.parameters, { ...options.head, inChannels });
    this.#points = new PointCache(options.head.strides);
  }

  forwardTrain(batch: DetectionBatch): () => readonly Tensor[] {
    const frozen = this.extractor.prepare(batch);
    const targets = this.targets(batch);
    return () => this.losses(this.headOutputs(this.extractor.forward(frozen, true), true), targets);
  }

  predict(batch: ImageBatch, options: PredictOptions): Detections {
    const pyramid = this.extractor.forward(this.extractor.prepare(batch), false);
    return this.detect(this.headOutputs(pyramid, false), batch, options);
  }

  /** @param training whether the outputs are for the losses */
  headOutputs(pyramid: readonly Tensor4D[], training: boolean): readonly FcosLevel[] {
    return this.#head.forward(pyramid, training);
  }

  /** Points of an input, on the GPU. */
  pointsFor([, height, width]: ImageBatch['inputSize']): PointSet {
    return this.#points.for(this.extractor.levelSizes(height, width));
  }

  /** Which ground truth each point predicts. Outside the tape; no read. */
  targets({
    gtBoxes,
    gtLabels,
    gtCounts,
    batchShapes,
    inputSize,
  }: Omit<DetectionBatch, 'bytes'>): FcosBatchTargets {
    const { head, regressRanges, centerSampling } = this.options;
    const { levels, points } = this.pointsFor(inputSize);
    const targets = fcosTargets({
      levels,
      gtBoxes,
      gtLabels,
      gtCounts,
      batchShapes,
      numClasses: head.numClasses,
      options: { regressRanges, centerSampling, normOnBbox: head.normOnBbox },
    });
    return { ...targets, points, gtBoxes };
  }

  /** The losses over all levels, in the order of the log keys; differentiable in the head's outputs for training. */
  losses(levels: readonly FcosLevel[], targets: FcosBatchTargets): readonly Tensor[] {
    const { head, lossCls, lossBbox, lossCenterness } = this.options;
    const { labels, assigned, centerness, positives, centernessSum, points, gtBoxes } = targets;
    const join = (parts: readonly Tensor[]): Tensor => tf.concat([...parts], 1);
    return [
      sigmoidFocalLoss(join(levels.map(({ clsScore }) => clsScore)), labels, positives, lossCls),
      // MMDetection compares the boxes in strides around points in pixels; overlaps are the same in any unit.
      iouLoss(
        {
          pred: join(levels.map(({ bboxPred }) => bboxPred)),
          form: { kind: 'distances', points, strided: head.normOnBbox },
          goal: { gtBoxes, assigned },
          weights: centerness,
          avgFactor: centernessSum,
        },
        { ...lossBbox, measure: iouMeasure(lossBbox) },
      ),
      binaryCrossEntropyLoss(
        tf.reshape(join(levels.map((level) => level.centerness)), centerness.shape),
        centerness,
        assigned,
        positives,
        lossCenterness,
      ),
    ];
  }

  /** From the head's outputs for prediction to detections. */
  detect(
    levels: readonly FcosLevel[],
    { imgShapes, batchShapes, inputSize }: Omit<ImageBatch, 'bytes' | 'padShapes'>,
    { scaleFactors, scoreThr }: PredictOptions,
  ): Detections {
    const { test } = this.options;
    const { levels: grid, positions } = this.pointsFor(inputSize);
    return retinaPredict({
      clsLogitsPerLevel: levels.map(({ clsScore }) => clsScore),
      bboxPredPerLevel: levels.map(({ bboxPred }) => bboxPred),
      scoreFactorsPerLevel: levels.map(({ centerness }) => centerness),
      anchors: positions,
      valid: anchorValidFlags(batchShapes, grid.map(asAnchorLevel)),
      imgShapes,
      scaleFactors,
      options: {
        scoreThr: scoreThr ?? test.scoreThr,
        nmsPre: test.nmsPre,
        minBboxSize: test.minBboxSize,
        nms: test.nms,
        maxPerImg: test.maxPerImg,
        coder: { type: 'distance' },
      },
    });
  }

  dispose(): void {
    this.parameters.dispose();
    this.#points.dispose();
  }
}

/** A point as the one anchor of its cell, for what asks where cells lie. */
function asAnchorLevel({ stride, ...level }: PointLevel): AnchorLevel {
  return { ...level, perCell: 1, strideX: stride, strideY: stride };
}
