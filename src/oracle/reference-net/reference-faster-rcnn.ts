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
import { boxHeadLosses } from './box-head-losses.ts';
import { imageRows, plain } from './head-rows.ts';
import { linear, relu, reshape, roiAlign } from './layers.ts';
import { rpnHead } from './network.ts';
import type { HeadLevel } from './network.ts';
import { gridOf } from './reference-detector.ts';
import type { ReferenceDetector, ReferenceParts } from './reference-detector.ts';
import { boxesOf, withImage } from './roi-rows.ts';
import { rpnLosses } from './rpn-losses.ts';
import { Tape } from './tape.ts';
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
    const cls = heads.map((level) => level.cls);
    const reg = heads.map((level) => level.reg);
    return this.#parts.imgShapes.map((imgShape, image) =>
      rpnProposalsReference(
        {
          logits: imageRows(cls, image),
          deltas: imageRows(reg, image),
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
    const named = (name: string) => parameters.get(`${HEAD}.${name}`);
    const dense = (x: Value, name: string) =>
      linear(tape, x, named(`${name}.weight`), named(`${name}.bias`));
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
    const sampled = this.#assign(grid).map(({ assigned }, image) =>
      this.#sampleAnchors(assigned, image),
    );
    const gtBoxes = this.#parts.inputs.targets.map(({ boxes }) => boxes);
    const rows = { heads, anchors: grid.anchors, sampled, gtBoxes };
    return rpnLosses({ ...rows, least: this.#torchvision ? 0 : 1 }, this.#options.rpnHead);
  }

  #roiLosses(tape: Tape, pyramid: readonly Value[], slots: readonly RoiSlots[]) {
    const { bboxHead } = this.#options.roiHead;
    const { cls, reg } = this.#roiHead(
      tape,
      pyramid,
      Float32Array.from(slots.flatMap((image) => image.rois)),
    );
    return boxHeadLosses(
      {
        cls,
        reg,
        labels: slots.flatMap((image) => image.labels),
        deltas: slots.flatMap((image) => image.deltaTargets),
        background: this.#torchvision ? 0 : bboxHead.numClasses,
      },
      bboxHead,
    );
  }
}
