import { anchorValidFlags } from '../../ops/anchor-valid-flags/anchor-valid-flags.ts';
import { bboxTargets } from '../../ops/anchor-targets/bbox-targets.ts';
import { sampledCount, samplingAvgFactor } from '../../ops/avg-factor/avg-factor.ts';
import { sigmoidCrossEntropyLoss } from '../../ops/cross-entropy-loss/sigmoid-cross-entropy-loss.ts';
import { maxIouAssign } from '../../ops/matcher/max-iou-assign.ts';
import type { Detections } from '../../ops/keep-best/keep-best.ts';
import { rpnProposals } from '../../ops/rpn-proposals/rpn-proposals.ts';
import type { RpnProposals } from '../../ops/rpn-proposals/rpn-proposals.ts';
import { sampleAnchors } from '../../ops/sampler/sample-anchors.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor4D } from '../../tensor/tf.ts';
import { RpnHead } from '../dense-heads/rpn-head.ts';
import type { RpnLevel } from '../dense-heads/rpn-head.ts';
import { denseBoxLoss } from '../losses/dense-box-loss.ts';
import { classWeightOf } from '../losses/loss-options.ts';
import type { BoxLossSpec, CoderSpec, CrossEntropySpec } from '../losses/loss-options.ts';
import { ParameterSet } from '../parameter-set.ts';
import { StandardRoiHead } from '../roi-heads/standard-roi-head.ts';
import type { StandardRoiHeadOptions } from '../roi-heads/standard-roi-head.ts';
import type { DetectorRules } from '../rules.ts';
import { AnchorCache, anchorsPerCell } from '../task-modules/anchors/anchor-cache.ts';
import type { AnchorSet, AnchorSpec } from '../task-modules/anchors/anchor-cache.ts';
import { matcherInput } from '../task-modules/matcher-input.ts';
import type { StageTrainOptions } from '../task-modules/stage-train-options.ts';
import type { DetectionBatch, Detector, ImageBatch, PredictOptions } from './detector.ts';
import { PyramidExtractor } from './pyramid-extractor.ts';
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

/** Which anchors the RPN is trained on: constants for the gradient. N = anchors of all levels. */
export interface RpnTargets {
  /** int32 [B, N]: matched ground truth of a sampled positive, −1 sampled background, −2 not sampled */
  readonly assigned: Tensor;
  /** int32 [B, N]: 0 object, 1 background, −1 not sampled */
  readonly labels: Tensor;
  /** float32 [B, N, 4] */
  readonly deltas: Tensor;
  /** float32 [1] */
  readonly avgFactor: Tensor;
}

/**
 * Faster R-CNN (Ren et al., 2015) on FPN (Lin et al., 2017) by MMDetection's or torchvision's rules: an RPN proposes
 * boxes on every level, a second head classifies and refines the best of them. Proposals are constants: no gradient flows
 * from the second stage into the RPN's boxes. Matching, sampling, top-k, NMS and RoIAlign run on the GPU, so a step takes
 * the same commands whatever the images hold.
 */
export class FasterRcnn implements Detector {
  readonly parameters: ParameterSet;
  readonly options: FasterRcnnOptions;
  readonly logKeys = ['loss_rpn_cls', 'loss_rpn_bbox', ...StandardRoiHead.logKeys];
  readonly extractor: PyramidExtractor;
  readonly roiHead: StandardRoiHead;
  readonly #rpnHead: RpnHead;
  readonly #anchors: AnchorCache;

  /** Draws the initial weights from `seed`. */
  constructor(options: FasterRcnnOptions, seed: number) {
    this.options = options;
    this.parameters = new ParameterSet(seed);
    this.extractor = new PyramidExtractor(this.parameters, options);
    const { neck, rpnHead, rules } = options;
    const inChannels = neck.outChannels;
    this.#rpnHead = new RpnHead(this.parameters, {
      inChannels,
      featChannels: rpnHead.featChannels,
      numConvs: rpnHead.numConvs,
      numAnchors: anchorsPerCell(rpnHead.anchors),
    });
    this.#anchors = new AnchorCache(rpnHead.anchors);
    this.roiHead = new StandardRoiHead(this.parameters, options.roiHead, { inChannels, rules });
  }

  forwardTrain(batch: DetectionBatch): () => readonly Tensor[] {
    const frozen = this.extractor.prepare(batch);
    const targets = this.rpnTargets(batch, this.anchorsFor(batch.inputSize));
    return () => this.losses(this.extractor.forward(frozen, true), batch, targets);
  }

  predict(batch: ImageBatch, options: PredictOptions): Detections {
    const pyramid = this.extractor.forward(this.extractor.prepare(batch), false);
    const { rpn, rcnn } = this.options.test;
    const proposals = this.propose(this.rpnOutputs(pyramid), batch, rpn);
    return this.roiHead.predict(pyramid, proposals, batch, options, rcnn);
  }

  rpnOutputs(pyramid: readonly Tensor4D[]): readonly RpnLevel[] {
    return this.#rpnHead.forward(pyramid);
  }

  /** Anchors of an input, on the GPU. */
  anchorsFor([, height, width]: ImageBatch['inputSize']): AnchorSet {
    return this.#anchors.for(this.extractor.levelSizes(height, width), { height, width });
  }

  /** Matching and sampling of anchors. Outside the tape; no read. */
  rpnTargets(batch: DetectionBatch, { levels, anchors }: AnchorSet): RpnTargets {
    const { rules, train, rpnHead } = this.options;
    const { assigner, sampler } = train.rpn;
    const matched = maxIouAssign({
      ...matcherInput(batch, assigner, rules),
      anchors,
      valid: anchorValidFlags(batch.padShapes, levels, {
        allowedBorder: train.allowedBorder,
        imgShapes: batch.imgShapes,
        anchors,
      }),
      numClasses: 1,
    });
    const { assigned, labels, numPos, numNeg } = sampleAnchors({
      assigned: matched.assigned,
      randomKey: batch.randomKey,
      mode: sampler.mode,
      num: sampler.num,
      posFraction: sampler.posFraction,
      negPosUb: sampler.negPosUb,
    });
    return {
      assigned,
      labels,
      deltas: bboxTargets(anchors, batch.gtBoxes, assigned, rpnHead.coder),
      avgFactor:
        rules === 'torchvision' ? sampledCount(numPos, numNeg) : samplingAvgFactor(numPos, numNeg),
    };
  }

  /** Proposals of a batch; constants for the gradient. */
  propose(
    levels: readonly RpnLevel[],
    { imgShapes, batchShapes, inputSize }: Omit<ImageBatch, 'bytes' | 'padShapes'>,
    options: ProposalOptions,
  ): RpnProposals {
    const { levels: grid, anchors } = this.anchorsFor(inputSize);
    return rpnProposals({
      clsLogitsPerLevel: levels.map(({ clsScore }) => clsScore),
      bboxPredPerLevel: levels.map(({ bboxPred }) => bboxPred),
      anchors,
      // The bucket may be larger than what MMDetection pads the batch to: cells beyond are not there.
      valid: anchorValidFlags(batchShapes, grid),
      imgShapes,
      options: {
        rule: this.options.rules,
        nmsPre: options.nmsPre,
        maxPerImg: options.maxPerImg,
        nmsIouThreshold: options.nmsIouThr,
        minBboxSize: options.minBboxSize,
        coder: this.options.rpnHead.coder,
      },
    });
  }

  /** All losses and the accuracy, in the order of the log keys; differentiable in the pyramid. */
  losses(
    pyramid: readonly Tensor4D[],
    batch: DetectionBatch,
    targets: RpnTargets,
  ): readonly Tensor[] {
    const { train } = this.options;
    const levels = this.rpnOutputs(pyramid);
    const proposals = this.propose(levels, batch, train.rpnProposal);
    const sampled = this.roiHead.sample(proposals, batch, train.rcnn);
    const features = this.roiHead.roiFeatures(pyramid, sampled.rois, sampled.present);
    const output = this.roiHead.headOutputs(features, true);
    return [
      ...this.rpnLosses(levels, batch, targets),
      ...this.roiHead.losses(output, sampled, batch.gtBoxes, train.rcnn.posWeight),
    ];
  }

  /** loss_rpn_cls and loss_rpn_bbox; differentiable in the RPN's outputs. */
  rpnLosses(
    levels: readonly RpnLevel[],
    { gtBoxes, inputSize }: Pick<DetectionBatch, 'gtBoxes' | 'inputSize'>,
    { assigned, labels, deltas, avgFactor }: RpnTargets,
  ): readonly Tensor[] {
    const { rpnHead, train } = this.options;
    const join = (parts: readonly Tensor[]): Tensor => tf.concat([...parts], 1);
    const { anchors } = this.anchorsFor(inputSize);
    return [
      sigmoidCrossEntropyLoss(join(levels.map(({ clsScore }) => clsScore)), labels, avgFactor, {
        lossWeight: rpnHead.lossCls.lossWeight,
        ...classWeightOf(rpnHead.lossCls),
        posWeight: train.rpn.posWeight,
      }),
      denseBoxLoss(
        {
          pred: join(levels.map(({ bboxPred }) => bboxPred)),
          deltas,
          assigned,
          avgFactor,
          anchors,
          gtBoxes,
        },
        rpnHead.lossBbox,
        rpnHead.coder,
      ),
    ];
  }

  dispose(): void {
    this.parameters.dispose();
    this.#anchors.dispose();
  }
}
