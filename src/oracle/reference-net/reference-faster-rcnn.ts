import { accuracyReference } from '../../ops/accuracy/accuracy.reference.ts';
import { sigmoidCrossEntropyReference } from '../../ops/cross-entropy-loss/sigmoid-cross-entropy-loss.reference.ts';
import { softmaxCrossEntropyReference } from '../../ops/cross-entropy-loss/softmax-cross-entropy-loss.reference.ts';
import { smoothL1TermsReference } from '../../ops/l1-loss/l1-loss.reference.ts';
import { reduceReference } from '../../ops/loss-sum/loss-terms.reference.ts';
import { maxIouAssignReference } from '../../ops/matcher/max-iou-assign.reference.ts';
import { mapRoiLevelsReference } from '../../ops/roi-levels/roi-levels.reference.ts';
import type { RoiLevelRule } from '../../ops/roi-levels/level-thresholds.ts';
import { roiPredictReference } from '../../ops/roi-predict/roi-predict.reference.ts';
import { rpnProposalsReference } from '../../ops/rpn-proposals/rpn-proposals.reference.ts';
import { sampleAnchorsReference } from '../../ops/sampler/sample-anchors.reference.ts';
import { sampleRoisReference } from '../../ops/roi-sampler/sample-rois.reference.ts';
import type { RoiSlots } from '../../ops/roi-sampler/sample-rois.reference.ts';
import type { AnchorGrid } from '../../models/task-modules/anchors/anchor-generator.ts';
import type { FixtureModelOptions } from '../models/model-config.ts';
import type {
  Evaluation,
  FoundBoxes,
  ImageInternals,
  Losses,
  RoiEvaluation,
} from '../models/model-under-test.ts';
import { assignImages, levelAnchors } from './assignment.ts';
import { addBatchRows, batchRows, imageRows, plain } from './head-rows.ts';
import { linear, relu, reshape, roiAlign } from './layers.ts';
import { denseBoxLoss } from './losses.ts';
import { rpnHead } from './network.ts';
import type { HeadLevel } from './network.ts';
import { gridOf } from './reference-detector.ts';
import type { ReferenceDetector, ReferenceParts } from './reference-detector.ts';
import { addTo, gradientOf, Tape } from './tape.ts';
import type { Value } from './tape.ts';

type Options = Extract<FixtureModelOptions, { readonly type: 'FasterRCNN' }>;
type ProposalOptions = Options['test']['rpn'];

/** The fixtures' samplers take the first ones, so nothing is drawn. */
const NO_KEY = [0, 0] as const;
const HEAD = 'roi_head.bbox_head';

/** Faster R-CNN over the slow twins. */
export class ReferenceFasterRcnn implements ReferenceDetector {
  readonly #options: Options;
  readonly #parts: ReferenceParts;
  readonly #torchvision: boolean;

  constructor(options: Options, parts: ReferenceParts) {
    this.#options = options;
    this.#parts = parts;
    this.#torchvision = options.rules === 'torchvision';
  }

  evaluate(images: Value): Evaluation {
    const tape = new Tape();
    const { test } = this.#options;
    const { backbone, pyramid, heads, grid } = this.#forward(tape, images);
    const proposals = this.#propose(heads, grid, test.rpn);
    const rois = proposals.map(({ boxes }, image) =>
      this.#evaluateRois(tape, pyramid, boxes, image),
    );
    return {
      normalised: plain(images),
      backbone: backbone.map(plain),
      pyramid: pyramid.map(plain),
      cls: heads.map(({ cls }) => plain(cls)),
      reg: heads.map(({ reg }) => plain(reg)),
      anchors: levelAnchors(grid),
      rois: rois.map((own, image) => ({ ...own, proposals: proposals[image] ?? own.proposals })),
      detections: rois.map((own, image) => this.#detect(own, image)),
    };
  }

  internals(images: Value): readonly ImageInternals[] {
    const { heads, grid } = this.#forward(new Tape(), images);
    const assigned = this.#assign(grid);
    const proposals = this.#propose(heads, grid, this.#options.train.rpnProposal);
    return assigned.map((image, index) => {
      const sampled = this.#sampleAnchors(image.assigned, index);
      const indices = (label: number) =>
        sampled.labels.flatMap((value, at) => (value === label ? [at] : []));
      const own = proposals[index] ?? { boxes: [], scores: [], labels: [] };
      const slots = this.#sampleRois(own, index);
      return {
        assigned: image.assigned,
        sampledPositives: indices(0),
        sampledNegatives: indices(1),
        second: {
          proposals: own,
          rois: boxesOf(slots.rois),
          labels: slots.labels,
          matchedGt: slots.matchedGt,
          deltas: slots.deltaTargets,
          levels: this.#levels(Float32Array.from(slots.rois)),
        },
      };
    });
  }

  losses(tape: Tape, images: Value): Losses {
    const { train } = this.#options;
    const { pyramid, heads, grid } = this.#forward(tape, images);
    const proposals = this.#propose(heads, grid, train.rpnProposal);
    const slots = proposals.map((own, image) => this.#sampleRois(own, image));
    const rpn = this.#rpnLosses(heads, grid);
    const roi = this.#roiLosses(tape, pyramid, slots);
    const total = rpn.loss_rpn_cls + rpn.loss_rpn_bbox + roi.loss_cls + roi.loss_bbox;
    return { ...rpn, ...roi, total };
  }

  #forward(tape: Tape, images: Value) {
    const { network, inputs } = this.#parts;
    const backbone = network.backbone(tape, images);
    const pyramid = network.neck(tape, backbone);
    const heads = rpnHead(tape, network, pyramid);
    const grid = gridOf(this.#options.rpnHead.anchors, pyramid, inputs.size);
    return { backbone, pyramid, heads, grid };
  }

  #assign(grid: AnchorGrid) {
    const { train } = this.#options;
    return assignImages(grid, this.#parts, {
      options: { ...train.rpn.assigner, ...this.#lowQuality() },
      numClasses: 1,
      allowedBorder: train.allowedBorder,
    });
  }

  #lowQuality() {
    return { lowQualityBy: this.#torchvision ? 'prior' : 'gt' } as const;
  }

  #sampleAnchors(assigned: readonly number[], image: number) {
    return sampleAnchorsReference(assigned, this.#options.train.rpn.sampler, NO_KEY, image, null);
  }

  #propose(
    heads: readonly HeadLevel[],
    { levels, anchors }: AnchorGrid,
    options: ProposalOptions,
  ): readonly FoundBoxes[] {
    return this.#parts.imgShapes.map((imgShape, image) =>
      rpnProposalsReference(
        {
          logits: imageRows(
            heads.map(({ cls }) => cls),
            image,
          ),
          deltas: imageRows(
            heads.map(({ reg }) => reg),
            image,
          ),
          levelSizes: levels.map(({ height, width, perCell }) => height * width * perCell),
          anchors,
          numClasses: 1,
          imgShape,
          scaleFactor: null,
        },
        {
          rule: this.#options.rules,
          nmsPre: options.nmsPre,
          maxPerImg: options.maxPerImg,
          nmsIouThreshold: options.nmsIouThr,
          minBboxSize: options.minBboxSize,
          coder: this.#options.rpnHead.coder,
        },
      ),
    );
  }

  /** torchvision matches ground truths among the proposals; MMDetection puts them before those it has matched. */
  #sampleRois({ boxes }: FoundBoxes, image: number): RoiSlots {
    const { train, roiHead } = this.#options;
    const { sampler, assigner } = train.rcnn;
    const target = this.#parts.inputs.targets[image];
    const gtBoxes = target?.boxes ?? new Float32Array();
    const labels = target?.labels ?? [];
    const joins = this.#torchvision && sampler.addGtAsProposals;
    const proposals = Float32Array.from([...Array.from(boxes), ...(joins ? gtBoxes : [])]);
    const { numClasses, coder } = roiHead.bboxHead;
    const { assigned } = maxIouAssignReference(
      {
        anchors: proposals,
        valid: new Int32Array(proposals.length / 4).fill(1),
        gtBoxes,
        gtLabels: Int32Array.from(labels),
      },
      { ...assigner, ...this.#lowQuality() },
      numClasses,
    );
    const slots = sampleRoisReference(
      {
        proposals,
        gtBoxes,
        gtLabels: Int32Array.from(labels, (label) => label + (this.#torchvision ? 1 : 0)),
        assigned,
      },
      {
        ...sampler,
        addGts: sampler.addGtAsProposals && !this.#torchvision ? 'first' : 'none',
        order: this.#torchvision ? 'index' : 'positives-first',
        numClasses,
        backgroundLabel: this.#torchvision ? 0 : numClasses,
        coder,
      },
      NO_KEY,
      image,
      0,
    );
    return slots;
  }

  #levels(rois: Float32Array): number[] {
    const { featmapStrides, finestScale } = this.#options.roiHead.extractor;
    const kMin = Math.log2(featmapStrides[0] ?? 1);
    const rule: RoiLevelRule = this.#torchvision
      ? { rule: 'torchvision', kMin, kMax: kMin + featmapStrides.length - 1 }
      : { rule: 'mmdetection', finestScale, numLevels: featmapStrides.length };
    return mapRoiLevelsReference(rois, rule);
  }

  #roiHead(tape: Tape, pyramid: readonly Value[], rois: Float32Array) {
    const { extractor } = this.#options.roiHead;
    const { parameters } = this.#parts;
    const { featmapStrides, ...options } = extractor;
    const levels = this.#levels(rois);
    const features = roiAlign(tape, pyramid.slice(0, featmapStrides.length), rois, levels, {
      ...options,
      spatialScales: featmapStrides.map((stride) => 1 / stride),
    });
    const count = rois.length / 5;
    const dense = (x: Value, name: string) =>
      linear(
        tape,
        x,
        parameters.get(`${HEAD}.${name}.weight`),
        parameters.get(`${HEAD}.${name}.bias`),
      );
    const flat = reshape(tape, features, [count, count === 0 ? 0 : features.data.length / count]);
    const first = relu(tape, dense(flat, 'shared_fcs.0'));
    const second = relu(tape, dense(first, 'shared_fcs.1'));
    return { levels, features, cls: dense(second, 'fc_cls'), reg: dense(second, 'fc_reg') };
  }

  #evaluateRois(
    tape: Tape,
    pyramid: readonly Value[],
    boxes: ArrayLike<number>,
    image: number,
  ): RoiEvaluation {
    const rois = withImage(boxes, image);
    const { levels, features, cls, reg } = this.#roiHead(tape, pyramid, rois);
    return {
      proposals: { boxes, scores: [], labels: [] },
      levels,
      features: plain(features),
      clsScore: cls,
      bboxPred: reg,
    };
  }

  #detect({ proposals, clsScore, bboxPred }: RoiEvaluation, image: number): FoundBoxes {
    const { test, rules, roiHead } = this.#options;
    return roiPredictReference(
      {
        clsLogits: Float32Array.from(clsScore.data),
        bboxPred: Float32Array.from(bboxPred.data),
        proposals: Float32Array.from(proposals.boxes),
        count: proposals.boxes.length / 4,
        numClasses: roiHead.bboxHead.numClasses,
        imgShape: this.#parts.imgShapes[image] ?? [0, 0],
        scaleFactor: null,
      },
      {
        rule: rules,
        scoreThr: test.rcnn.scoreThr,
        nms: test.rcnn.nms,
        maxPerImg: test.rcnn.maxPerImg,
        coder: roiHead.bboxHead.coder,
      },
    );
  }

  #rpnLosses(heads: readonly HeadLevel[], grid: AnchorGrid) {
    const { rpnHead: head } = this.#options;
    const sampled = this.#assign(grid).map(({ assigned }, image) =>
      this.#sampleAnchors(assigned, image),
    );
    const least = this.#torchvision ? 0 : 1;
    const avgFactor = sampled.reduce(
      (sum, { numPos, numNeg }) => sum + Math.max(numPos, least) + Math.max(numNeg, least),
      0,
    );
    const cls = heads.map((level) => level.cls);
    const reg = heads.map((level) => level.reg);
    const labels = sampled.flatMap((image) => image.labels);
    const terms = sigmoidCrossEntropyReference(batchRows(cls), labels, 1);
    const objectness = reduceReference(terms, avgFactor, head.lossCls.lossWeight);
    addBatchRows(cls, objectness.grad);
    const box = denseBoxLoss(
      {
        pred: batchRows(reg),
        anchors: grid.anchors,
        images: sampled.map(({ assigned }, image) => ({
          assigned,
          gtBoxes: this.#parts.inputs.targets[image]?.boxes ?? new Float32Array(),
        })),
        avgFactor,
      },
      head.lossBbox,
      head.coder,
    );
    addBatchRows(reg, box.gradient);
    return { loss_rpn_cls: objectness.loss, loss_rpn_bbox: box.loss };
  }

  #roiLosses(tape: Tape, pyramid: readonly Value[], slots: readonly RoiSlots[]) {
    const { bboxHead } = this.#options.roiHead;
    const rois = Float32Array.from(slots.flatMap((image) => image.rois));
    const labels = slots.flatMap((image) => image.labels);
    const deltas = slots.flatMap((image) => image.deltaTargets);
    const { cls, reg } = this.#roiHead(tape, pyramid, rois);
    const avgFactor = Math.max(labels.length, 1);
    const logits = [...cls.data];
    const crossEntropy = reduceReference(
      softmaxCrossEntropyReference(logits, labels),
      avgFactor,
      bboxHead.lossCls.lossWeight,
    );
    addTo(gradientOf(cls), crossEntropy.grad);
    // Of each RoI the box of its class.
    const background = this.#torchvision ? 0 : bboxHead.numClasses;
    const width = reg.shape[1] ?? 0;
    const at = labels.map((label, row) => row * width + (width === 4 ? 0 : label * 4));
    const assigned = labels.map((label) => (label === background ? -1 : 0));
    const own = at.flatMap((from) => [0, 1, 2, 3].map((k) => reg.data[from + k] ?? 0));
    const { lossBbox } = bboxHead;
    if (lossBbox.type !== 'L1Loss' && lossBbox.type !== 'SmoothL1Loss') {
      throw new Error(`${lossBbox.type} of a box head is not built`);
    }
    const beta = lossBbox.type === 'L1Loss' ? 0 : lossBbox.beta;
    const terms = smoothL1TermsReference(own, deltas, assigned, beta);
    const box = reduceReference(terms, avgFactor, lossBbox.lossWeight);
    const target = gradientOf(reg);
    for (const [row, from] of at.entries()) {
      if ((assigned[row] ?? -1) < 0) continue;
      for (let k = 0; k < 4; k++) {
        target[from + k] = (target[from + k] ?? 0) + (box.grad[row * 4 + k] ?? 0);
      }
    }
    return {
      loss_cls: crossEntropy.loss,
      acc: accuracyReference(logits, labels),
      loss_bbox: box.loss,
    };
  }
}

/** RoIs [R, 5] of boxes of one image. */
function withImage(boxes: ArrayLike<number>, image: number): Float32Array<ArrayBuffer> {
  const rois = new Float32Array((boxes.length / 4) * 5);
  for (let row = 0; row < boxes.length / 4; row++) {
    rois[row * 5] = image;
    for (let k = 0; k < 4; k++) rois[row * 5 + 1 + k] = boxes[row * 4 + k] ?? 0;
  }
  return rois;
}

/** The boxes of RoIs [R, 5]. */
function boxesOf(rois: readonly number[]): number[] {
  return rois.filter((_, at) => at % 5 !== 0);
}
