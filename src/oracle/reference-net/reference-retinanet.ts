import { focalTermsReference } from '../../ops/focal-loss/sigmoid-focal-loss.reference.ts';
import { reduceReference } from '../../ops/loss-sum/loss-terms.reference.ts';
import { retinaPredictReference } from '../../ops/retina-predict/retina-predict.reference.ts';
import type { AnchorGrid } from '../../models/task-modules/anchors/anchor-generator.ts';
import type { FixtureModelOptions } from '../models/model-config.ts';
import type { Evaluation, ImageInternals, Losses } from '../models/model-under-test.ts';
import { assignImages, countsOf, levelAnchors } from './assignment.ts';
import { addBatchRows, batchRows, imageRows, plain } from './head-rows.ts';
import { denseBoxLoss } from './losses.ts';
import { retinaHead } from './network.ts';
import type { HeadLevel } from './network.ts';
import { gridOf } from './reference-detector.ts';
import type { ReferenceDetector, ReferenceParts } from './reference-detector.ts';
import { Tape } from './tape.ts';
import type { Value } from './tape.ts';

type Options = Extract<FixtureModelOptions, { readonly type: 'RetinaNet' }>;

/** RetinaNet over the slow twins. */
export class ReferenceRetinaNet implements ReferenceDetector {
  readonly #options: Options;
  readonly #parts: ReferenceParts;

  constructor(options: Options, parts: ReferenceParts) {
    this.#options = options;
    this.#parts = parts;
  }

  evaluate(images: Value): Evaluation {
    const { inputs, imgShapes } = this.#parts;
    const { backbone, pyramid, heads } = this.#forward(new Tape(), images);
    const grid = gridOf(this.#options.anchors, pyramid, inputs.size);
    return {
      normalised: plain(images),
      backbone: backbone.map(plain),
      pyramid: pyramid.map(plain),
      cls: heads.map(({ cls }) => plain(cls)),
      reg: heads.map(({ reg }) => plain(reg)),
      anchors: levelAnchors(grid),
      rois: [],
      detections: imgShapes.map((imgShape, image) => this.#detect(heads, grid, image, imgShape)),
    };
  }

  internals(images: Value): readonly ImageInternals[] {
    const { pyramid } = this.#forward(new Tape(), images);
    return this.#assign(gridOf(this.#options.anchors, pyramid, this.#parts.inputs.size)).map(
      ({ assigned }) => ({ assigned, sampledPositives: [], sampledNegatives: [], second: null }),
    );
  }

  losses(tape: Tape, images: Value): Losses {
    const options = this.#options;
    const { inputs } = this.#parts;
    const { pyramid, heads } = this.#forward(tape, images);
    const grid = gridOf(options.anchors, pyramid, inputs.size);
    const assigned = this.#assign(grid);
    const positives = countsOf(assigned).map((count) => Math.max(count, 1));
    const avgFactor =
      options.rules === 'torchvision' ? positives : positives.reduce((sum, own) => sum + own, 0);
    const cls = heads.map((level) => level.cls);
    const reg = heads.map((level) => level.reg);
    const { numClasses } = options.head;
    const labels = assigned.flatMap((image) => image.labels);
    const terms = focalTermsReference(batchRows(cls), labels, numClasses, options.lossCls);
    const focal = reduceReference(terms, avgFactor, options.lossCls.lossWeight);
    addBatchRows(cls, focal.grad);
    const box = denseBoxLoss(
      {
        pred: batchRows(reg),
        anchors: grid.anchors,
        images: assigned.map((image, index) => ({
          assigned: image.assigned,
          gtBoxes: inputs.targets[index]?.boxes ?? new Float32Array(),
        })),
        avgFactor,
      },
      options.lossBbox,
      options.coder,
    );
    addBatchRows(reg, box.gradient);
    return { loss_cls: focal.loss, loss_bbox: box.loss, total: focal.loss + box.loss };
  }

  #forward(tape: Tape, images: Value) {
    const { network } = this.#parts;
    const backbone = network.backbone(tape, images);
    const pyramid = network.neck(tape, backbone);
    const heads = retinaHead(tape, network, pyramid, this.#options.head.stackedConvs);
    return { backbone, pyramid, heads };
  }

  #assign(grid: AnchorGrid) {
    const { assigner, head, rules, allowedBorder } = this.#options;
    return assignImages(grid, this.#parts, {
      options: { ...assigner, lowQualityBy: rules === 'torchvision' ? 'prior' : 'gt' },
      numClasses: head.numClasses,
      allowedBorder,
    });
  }

  #detect(
    heads: readonly HeadLevel[],
    { levels, anchors }: AnchorGrid,
    image: number,
    imgShape: readonly [number, number],
  ) {
    const { test, coder, rules, head } = this.#options;
    return retinaPredictReference(
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
        numClasses: head.numClasses,
        imgShape,
        scaleFactor: null,
      },
      {
        rule: rules,
        scoreThr: test.scoreThr,
        nmsPre: test.nmsPre,
        minBboxSize: test.minBboxSize,
        nms: test.nms,
        maxPerImg: test.maxPerImg,
        coder,
      },
    );
  }
}
