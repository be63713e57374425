import { anchorValidFlags } from '../../ops/anchor-valid-flags/anchor-valid-flags.ts';
import { avgFactor, avgFactorPerImage } from '../../ops/avg-factor/avg-factor.ts';
import { bboxTargets } from '../../ops/anchor-targets/bbox-targets.ts';
import { maxIouAssign } from '../../ops/matcher/max-iou-assign.ts';
import type { MaxIouAssignOptions } from '../../ops/matcher/max-iou-assign.ts';
import { sigmoidFocalLoss } from '../../ops/focal-loss/sigmoid-focal-loss.ts';
import { retinaPredict } from '../../ops/retina-predict/retina-predict.ts';
import type { Detections } from '../../ops/keep-best/keep-best.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor4D } from '../../tensor/tf.ts';
import { RetinaHead } from '../dense-heads/retina-head.ts';
import type { RetinaLevel } from '../dense-heads/retina-head.ts';
import { denseBoxLoss } from '../losses/dense-box-loss.ts';
import type { BoxLossSpec, CoderSpec, FocalLossSpec } from '../losses/loss-options.ts';
import { ParameterSet } from '../parameter-set.ts';
import type { DetectorRules } from '../rules.ts';
import { AnchorCache, anchorsPerCell } from '../task-modules/anchors/anchor-cache.ts';
import type { AnchorSet, AnchorSpec } from '../task-modules/anchors/anchor-cache.ts';
import { matcherInput } from '../task-modules/matcher-input.ts';
import type { DetectionBatch, Detector, ImageBatch, PredictOptions } from './detector.ts';
import { PyramidExtractor } from './pyramid-extractor.ts';
import type { PyramidOptions } from './pyramid-extractor.ts';
import type { DenseTestOptions } from './test-options.ts';

/** MMDetection's RetinaNet config as plain options. */
export interface RetinaNetOptions extends PyramidOptions {
  readonly type: 'RetinaNet';
  readonly rules: DetectorRules;
  readonly head: {
    readonly numClasses: number;
    readonly featChannels: number;
    readonly stackedConvs: number;
  };
  readonly anchors: AnchorSpec;
  readonly coder: CoderSpec;
  readonly lossCls: FocalLossSpec;
  readonly lossBbox: BoxLossSpec;
  readonly assigner: MaxIouAssignOptions;
  /** Anchors may reach this many pixels outside the image; −1 = any number. */
  readonly allowedBorder: number;
  /** Weight of positives in the classification loss; 1 in all shipped configs. */
  readonly posWeight: number;
  readonly test: DenseTestOptions;
}

/** Assignment of a batch: constants for the gradient. N = anchors of all levels. */
export interface RetinaTargets {
  /** int32 [B, N]: class, K for background, −1 for no weight */
  readonly labels: Tensor;
  /** int32 [B, N]: matched ground truth, −1 background, −2 ignored */
  readonly assigned: Tensor;
  /** float32 [B, N, 4] */
  readonly deltas: Tensor;
  /** float32 [1]; by torchvision's rules [B] */
  readonly avgFactor: Tensor;
  /** float32 [N, 4] xyxy */
  readonly anchors: Tensor;
  /** float32 [B, G, 4] xyxy */
  readonly gtBoxes: Tensor;
}

/**
 * RetinaNet (Lin et al., 2017, Focal Loss for Dense Object Detection) by MMDetection's rules: every level's loss is
 * divided by the same average factor, Σ over images of max(positives, 1), and the levels are summed. By torchvision's,
 * each image's loss is divided by its own positives, and the images are averaged.
 */
export class RetinaNet implements Detector {
  readonly parameters: ParameterSet;
  readonly options: RetinaNetOptions;
  readonly logKeys = ['loss_cls', 'loss_bbox'];
  readonly extractor: PyramidExtractor;
  readonly #head: RetinaHead;
  readonly #anchors: AnchorCache;

  /** Draws the initial weights from `seed`. */
  constructor(options: RetinaNetOptions, seed: number) {
    this.options = options;
    this.parameters = new ParameterSet(seed);
    this.extractor = new PyramidExtractor(this.parameters, options);
    this.#head = new RetinaHead(this.parameters, {
      ...options.head,
      inChannels: options.neck.outChannels,
      numAnchors: anchorsPerCell(options.anchors),
    });
    this.#anchors = new AnchorCache(options.anchors);
  }

  forwardTrain(batch: DetectionBatch): () => readonly Tensor[] {
    const frozen = this.extractor.prepare(batch);
    const targets = this.assign(batch, this.anchorsFor(batch.inputSize));
    return () => this.losses(this.headOutputs(this.extractor.forward(frozen, true)), targets);
  }

  predict(batch: ImageBatch, options: PredictOptions): Detections {
    const pyramid = this.extractor.forward(this.extractor.prepare(batch), false);
    return this.detect(this.headOutputs(pyramid), batch, options);
  }

  headOutputs(pyramid: readonly Tensor4D[]): readonly RetinaLevel[] {
    return this.#head.forward(pyramid);
  }

  /** Anchors of an input, on the GPU. */
  anchorsFor([, height, width]: ImageBatch['inputSize']): AnchorSet {
    return this.#anchors.for(this.extractor.levelSizes(height, width), { height, width });
  }

  /** MaxIoU assignment and delta targets of a batch. Outside the tape; no read. */
  assign(batch: DetectionBatch, { levels, anchors }: AnchorSet): RetinaTargets {
    const { assigner, head, coder, rules, allowedBorder } = this.options;
    const inside = { allowedBorder, imgShapes: batch.imgShapes, anchors };
    const { assigned, labels, numPos } = maxIouAssign({
      ...matcherInput(batch, assigner, rules),
      anchors,
      valid: anchorValidFlags(batch.padShapes, levels, inside),
      numClasses: head.numClasses,
    });
    return {
      labels,
      assigned,
      anchors,
      gtBoxes: batch.gtBoxes,
      deltas: bboxTargets(anchors, batch.gtBoxes, assigned, coder),
      avgFactor: rules === 'torchvision' ? avgFactorPerImage(numPos) : avgFactor(numPos),
    };
  }

  /** Focal and box loss over all levels, in the order of the log keys; differentiable in the head's outputs. */
  losses(levels: readonly RetinaLevel[], targets: RetinaTargets): readonly Tensor[] {
    const { lossCls, lossBbox, posWeight, coder } = this.options;
    const join = (parts: readonly Tensor[]): Tensor => tf.concat([...parts], 1);
    const logits = join(levels.map(({ clsScore }) => clsScore));
    const pred = join(levels.map(({ bboxPred }) => bboxPred));
    return [
      sigmoidFocalLoss(logits, targets.labels, targets.avgFactor, { ...lossCls, posWeight }),
      denseBoxLoss({ pred, ...targets }, lossBbox, coder),
    ];
  }

  /** From the head's outputs to detections. */
  detect(
    levels: readonly RetinaLevel[],
    { imgShapes, batchShapes, inputSize }: Omit<ImageBatch, 'bytes' | 'padShapes'>,
    { scaleFactors, scoreThr }: PredictOptions,
  ): Detections {
    const { test, coder, rules } = this.options;
    const { levels: grid, anchors } = this.anchorsFor(inputSize);
    return retinaPredict({
      clsLogitsPerLevel: levels.map(({ clsScore }) => clsScore),
      bboxPredPerLevel: levels.map(({ bboxPred }) => bboxPred),
      anchors,
      // The bucket may be larger than what MMDetection pads the batch to: cells beyond are not there.
      valid: anchorValidFlags(batchShapes, grid),
      imgShapes,
      scaleFactors,
      options: {
        rule: rules,
        scoreThr: scoreThr ?? test.scoreThr,
        nmsPre: test.nmsPre,
        minBboxSize: test.minBboxSize,
        nms: test.nms,
        maxPerImg: test.maxPerImg,
        coder,
      },
    });
  }

  dispose(): void {
    this.parameters.dispose();
    this.#anchors.dispose();
  }
}
