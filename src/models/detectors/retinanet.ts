import type { ImageNormalisation } from '../../ops/image/normalise-image.ts';
import { normaliseImages } from '../../ops/image/normalise-image.ts';
import { anchorValidFlags } from '../../ops/anchor-valid-flags/anchor-valid-flags.ts';
import { avgFactor } from '../../ops/avg-factor/avg-factor.ts';
import { bboxTargets } from '../../ops/anchor-targets/bbox-targets.ts';
import { l1Loss, smoothL1Loss } from '../../ops/l1-loss/l1-loss.ts';
import { maxIouAssign } from '../../ops/matcher/max-iou-assign.ts';
import type { MaxIouAssignOptions } from '../../ops/matcher/max-iou-assign.ts';
import { sigmoidFocalLoss } from '../../ops/focal-loss/sigmoid-focal-loss.ts';
import { tf } from '../../tensor/tf.ts';
import type { Scalar, Tensor, Tensor2D, Tensor3D, Tensor4D } from '../../tensor/tf.ts';
import { uploadFloats } from '../../tensor/upload.ts';
import { ResNet, resnetOutChannels } from '../backbones/resnet.ts';
import type { FrozenFeatures, ResNetOptions } from '../backbones/resnet.ts';
import { RetinaHead } from '../dense-heads/retina-head.ts';
import type { RetinaLevel } from '../dense-heads/retina-head.ts';
import { Fpn } from '../necks/fpn.ts';
import type { FpnOptions } from '../necks/fpn.ts';
import { ParameterSet } from '../parameter-set.ts';
import { anchorGrid } from '../task-modules/anchors/anchor-generator.ts';
import type { AnchorGeneratorSpec } from '../task-modules/anchors/anchor-generator.ts';
import type { AnchorLevel } from '../../ops/anchor-valid-flags/anchor-levels.ts';

/** MMDetection's RetinaNet config as plain options. */
export interface RetinaNetOptions {
  readonly backbone: ResNetOptions;
  readonly neck: Omit<FpnOptions, 'inChannels'>;
  readonly head: {
    readonly numClasses: number;
    readonly featChannels: number;
    readonly stackedConvs: number;
  };
  readonly anchors: AnchorGeneratorSpec;
  readonly coder: { readonly means: BoxNumbers; readonly stds: BoxNumbers };
  readonly lossCls: { readonly gamma: number; readonly alpha: number; readonly lossWeight: number };
  readonly lossBbox: {
    readonly type: 'L1Loss' | 'SmoothL1Loss';
    readonly beta: number;
    readonly lossWeight: number;
  };
  readonly assigner: MaxIouAssignOptions;
  readonly preprocess: ImageNormalisation;
}

type BoxNumbers = readonly [number, number, number, number];

/** A batch on the GPU. G = padded number of ground truths. */
export interface DetectionBatch {
  /** Packed RGB bytes of [B, H, W, 3]. */
  readonly bytes: Tensor;
  /** [B, H, W] of the padded input. */
  readonly inputSize: readonly [number, number, number];
  /** int32 [B, 2]: height and width of each image after resizing. */
  readonly imgShapes: Tensor2D;
  /** int32 [B, 2]: MMDetection's pad_shape. */
  readonly padShapes: Tensor2D;
  /** float32 [B, G, 4] xyxy in input pixels */
  readonly gtBoxes: Tensor3D;
  /** int32 [B, G] */
  readonly gtLabels: Tensor2D;
  /** int32 [B] */
  readonly gtCounts: Tensor;
}

/** Assignment of a batch: constants for the gradient. N = anchors of all levels. */
export interface RetinaTargets {
  /** int32 [B, N]: class, K for background, −1 for no weight */
  readonly labels: Tensor;
  /** int32 [B, N]: matched ground truth, −1 background, −2 ignored */
  readonly assigned: Tensor;
  /** float32 [B, N, 4] */
  readonly deltas: Tensor;
  /** float32 [1] */
  readonly avgFactor: Tensor;
}

export interface RetinaLosses {
  readonly lossCls: Scalar;
  readonly lossBbox: Scalar;
}

/** Anchors of one input size, on the GPU. */
export interface AnchorSet {
  readonly levels: readonly AnchorLevel[];
  /** float32 [N, 4] xyxy */
  readonly anchors: Tensor2D;
}

/**
 * RetinaNet (Lin et al., 2017, Focal Loss for Dense Object Detection) by MMDetection's rules: every level's loss is
 * divided by the same average factor, Σ over images of max(positives, 1), and the levels are summed.
 */
export class RetinaNet {
  readonly parameters: ParameterSet;
  readonly options: RetinaNetOptions;
  readonly #backbone: ResNet;
  readonly #neck: Fpn;
  readonly #head: RetinaHead;
  readonly #anchorSets = new Map<string, AnchorSet>();

  /** Draws the initial weights from `seed`. */
  constructor(options: RetinaNetOptions, seed: number) {
    this.options = options;
    this.parameters = new ParameterSet(seed);
    const { backbone, neck, head, anchors } = options;
    this.#backbone = new ResNet(this.parameters, backbone);
    this.#neck = new Fpn(this.parameters, {
      ...neck,
      inChannels: resnetOutChannels(backbone.depth, backbone.baseChannels),
    });
    const scales = anchors.scales?.length ?? anchors.scalesPerOctave ?? 1;
    this.#head = new RetinaHead(this.parameters, {
      ...head,
      inChannels: neck.outChannels,
      numAnchors: scales * anchors.ratios.length,
    });
  }

  /** Bytes → normalised images → frozen features: everything that no gradient reaches. */
  prepare({
    bytes,
    imgShapes,
    inputSize,
  }: Pick<DetectionBatch, 'bytes' | 'imgShapes' | 'inputSize'>): FrozenFeatures {
    return this.#backbone.forwardFrozen(
      normaliseImages(bytes, imgShapes, inputSize, this.options.preprocess),
    );
  }

  /** As {@link prepare}, from normalised images float32 [B, H, W, 3]. */
  prepareImages(images: Tensor4D): FrozenFeatures {
    return this.#backbone.forwardFrozen(images);
  }

  /** C2 … C5. */
  backboneFeatures(frozen: FrozenFeatures, training: boolean): readonly Tensor4D[] {
    return this.#backbone.forward(frozen, training);
  }

  /** P3 … P7. */
  neckFeatures(features: readonly Tensor4D[]): readonly Tensor4D[] {
    return this.#neck.forward(features);
  }

  headOutputs(pyramid: readonly Tensor4D[]): readonly RetinaLevel[] {
    return this.#head.forward(pyramid);
  }

  forward(frozen: FrozenFeatures, training: boolean): readonly RetinaLevel[] {
    return this.headOutputs(this.neckFeatures(this.backboneFeatures(frozen, training)));
  }

  /** Anchors for feature maps of these sizes; made once per size and kept on the GPU. */
  anchorsFor(sizes: readonly { readonly height: number; readonly width: number }[]): AnchorSet {
    const key = sizes.map(({ height, width }) => `${height}x${width}`).join(' ');
    const known = this.#anchorSets.get(key);
    if (known !== undefined) return known;
    const { anchors, levels } = anchorGrid(this.options.anchors, sizes);
    const tensor = tf.keep(
      uploadFloats(anchors, [anchors.length / 4, 4]).as2D(anchors.length / 4, 4),
    );
    const set = { levels, anchors: tensor };
    this.#anchorSets.set(key, set);
    return set;
  }

  /** Sizes of the pyramid's maps for an input, without running it. */
  levelSizes(height: number, width: number): readonly { height: number; width: number }[] {
    const { startLevel, numOuts } = this.options.neck;
    const half = (side: number): number => Math.ceil(side / 2);
    let size = { height, width };
    // Stem, pool and stages up to the first used one.
    for (let i = 0; i < 2 + startLevel; i++)
      size = { height: half(size.height), width: half(size.width) };
    return Array.from({ length: numOuts }, () => {
      const own = size;
      size = { height: half(size.height), width: half(size.width) };
      return own;
    });
  }

  /** MaxIoU assignment and delta targets of a batch. Outside the tape; no read. */
  assign(batch: DetectionBatch, { levels, anchors }: AnchorSet): RetinaTargets {
    const { assigner, head, coder } = this.options;
    const valid = anchorValidFlags(batch.padShapes, levels);
    const { assigned, labels, numPos } = maxIouAssign({
      anchors,
      valid,
      gtBoxes: batch.gtBoxes,
      gtLabels: batch.gtLabels,
      gtCounts: batch.gtCounts,
      options: assigner,
      numClasses: head.numClasses,
    });
    return {
      labels,
      assigned,
      deltas: bboxTargets(anchors, batch.gtBoxes, assigned, coder),
      avgFactor: avgFactor(numPos),
    };
  }

  /** Focal and box loss over all levels; differentiable in the head's outputs. */
  losses(levels: readonly RetinaLevel[], targets: RetinaTargets): RetinaLosses {
    const { lossCls, lossBbox } = this.options;
    const logits = tf.concat(
      levels.map(({ clsScore }) => clsScore),
      1,
    );
    const deltas = tf.concat(
      levels.map(({ bboxPred }) => bboxPred),
      1,
    );
    const box = { lossWeight: lossBbox.lossWeight };
    return {
      lossCls: sigmoidFocalLoss(logits, targets.labels, targets.avgFactor, lossCls),
      lossBbox:
        lossBbox.type === 'L1Loss'
          ? l1Loss(deltas, targets.deltas, targets.assigned, targets.avgFactor, box)
          : smoothL1Loss(deltas, targets.deltas, targets.assigned, targets.avgFactor, {
              ...box,
              beta: lossBbox.beta,
            }),
    };
  }

  dispose(): void {
    this.parameters.dispose();
    for (const { anchors } of this.#anchorSets.values()) anchors.dispose();
    this.#anchorSets.clear();
  }
}
