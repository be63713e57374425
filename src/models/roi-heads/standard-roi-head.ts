import { sampledCount } from '../../ops/avg-factor/avg-factor.ts';
import { accuracy } from '../../ops/accuracy/accuracy.ts';
import { softmaxCrossEntropyLoss } from '../../ops/cross-entropy-loss/softmax-cross-entropy-loss.ts';
import { matchedBoxes } from '../../ops/matched-boxes/matched-boxes.ts';
import { proposalRois } from '../../ops/proposal-rois/proposal-rois.ts';
import { roiPredict } from '../../ops/roi-predict/roi-predict.ts';
import type { Detections } from '../../ops/keep-best/keep-best.ts';
import type { SampledRois } from '../../ops/roi-sampler/sample-rois.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor4D } from '../../tensor/tf.ts';
import type { DetectionBatch, ImageBatch, PredictOptions } from '../detectors/detector.ts';
import type { RcnnTestOptions } from '../detectors/test-options.ts';
import { classBoxLoss } from '../losses/class-box-loss.ts';
import { classWeightOf } from '../losses/loss-options.ts';
import type { BoxLossSpec, CoderSpec, CrossEntropySpec } from '../losses/loss-options.ts';
import type { ParameterSet } from '../parameter-set.ts';
import type { DetectorRules } from '../rules.ts';
import type { StageTrainOptions } from '../task-modules/stage-train-options.ts';
import { assignAndSampleRois } from './assign-and-sample-rois.ts';
import type { Proposals } from './assign-and-sample-rois.ts';
import { ConvFcBboxHead } from './conv-fc-bbox-head.ts';
import type { BboxHeadOutput, ConvFcBboxHeadOptions } from './conv-fc-bbox-head.ts';
import { SingleRoiExtractor } from './single-roi-extractor.ts';
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

/** torchvision's background is row 0 of both predictors. */
function backgroundRows(rules: DetectorRules): number {
  return rules === 'torchvision' ? 1 : 0;
}

/**
 * The second stage of Faster R-CNN (MMDetection's `StandardRoIHead` and `BBoxHead`): proposals are matched and sampled,
 * their features pooled, and each is given a class and a box.
 */
export class StandardRoiHead {
  /** What a training step logs of it, in MMDetection's order. */
  static readonly logKeys = ['loss_cls', 'acc', 'loss_bbox'];
  readonly #options: StandardRoiHeadOptions;
  readonly #rules: DetectorRules;
  readonly #extractor: SingleRoiExtractor;
  readonly #bboxHead: ConvFcBboxHead;

  constructor(
    parameters: ParameterSet,
    options: StandardRoiHeadOptions,
    { inChannels, rules }: { readonly inChannels: number; readonly rules: DetectorRules },
  ) {
    this.#options = options;
    this.#rules = rules;
    this.#extractor = new SingleRoiExtractor(options.extractor, rules);
    const { bboxHead } = options;
    this.#bboxHead = new ConvFcBboxHead(parameters, {
      ...bboxHead,
      inChannels,
      roiFeatSize: options.extractor.outputSize,
      clsRows: bboxHead.numClasses + 1,
      regRows: bboxHead.regClassAgnostic ? 1 : bboxHead.numClasses + backgroundRows(rules),
    });
  }

  /** The RoIs of a training step with their targets. Outside the tape's concern: constants. */
  sample(proposals: Proposals, batch: DetectionBatch, train: StageTrainOptions): SampledRois {
    const { numClasses, coder } = this.#options.bboxHead;
    return assignAndSampleRois(proposals, batch, {
      ...train,
      rules: this.#rules,
      numClasses,
      coder,
    });
  }

  /** float32 [R, h, w, C] of RoIs [R, 5]; zeros where a slot is empty. */
  roiFeatures(pyramid: readonly Tensor4D[], rois: Tensor, present: Tensor): Tensor4D {
    return this.#extractor.forward(pyramid, rois, present);
  }

  /** int32 [R]: the pyramid level that each RoI is taken from. */
  roiLevels(rois: Tensor, present: Tensor): Tensor {
    return this.#extractor.levels(rois, present);
  }

  headOutputs(features: Tensor4D, training: boolean): BboxHeadOutput {
    return this.#bboxHead.forward(features, training);
  }

  /** loss_cls, acc and loss_bbox of sampled RoIs; differentiable in the head's outputs. */
  losses(
    { clsScore, bboxPred }: BboxHeadOutput,
    sampled: SampledRois,
    gtBoxes: Tensor,
    posWeight: number,
  ): readonly Tensor[] {
    const { lossCls, lossBbox, coder, numClasses } = this.#options.bboxHead;
    // The number of all sampled RoIs divides both losses; without any, both are 0.
    const avgFactor = sampledCount(sampled.numPos, sampled.numNeg, 1);
    const { labels, deltaTargets } = sampled;
    const labelOffset = backgroundRows(this.#rules);
    const boxes = (): Tensor => tf.slice(sampled.rois, [0, 1], [-1, 4]);
    return [
      softmaxCrossEntropyLoss(clsScore, labels, avgFactor, {
        lossWeight: lossCls.lossWeight,
        ...classWeightOf(lossCls),
        posWeight,
      }),
      accuracy(clsScore, labels),
      classBoxLoss(
        {
          pred: bboxPred,
          deltaTargets,
          boxes,
          gtTargets: () => matchedBoxes(gtBoxes, sampled.matchedGt),
          labels,
          avgFactor,
          numClasses,
          labelOffset,
        },
        lossBbox,
        coder,
      ),
    ];
  }

  /** Detections of proposals in evaluation mode. */
  predict(
    pyramid: readonly Tensor4D[],
    proposals: Proposals,
    { imgShapes }: Pick<ImageBatch, 'imgShapes'>,
    { scaleFactors, scoreThr }: PredictOptions,
    test: RcnnTestOptions,
  ): Detections {
    const { rois, present } = proposalRois(proposals.boxes, proposals.counts);
    const output = this.headOutputs(this.roiFeatures(pyramid, rois, present), false);
    return roiPredict({
      clsLogits: output.clsScore,
      bboxPred: output.bboxPred,
      proposals: proposals.boxes,
      counts: proposals.counts,
      imgShapes,
      scaleFactors,
      options: {
        rule: this.#rules,
        scoreThr: scoreThr ?? test.scoreThr,
        nms: test.nms,
        maxPerImg: test.maxPerImg,
        coder: this.#options.bboxHead.coder,
      },
    });
  }
}
