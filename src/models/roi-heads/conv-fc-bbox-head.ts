import { tf } from '../../tensor/tf.ts';
import type { Tensor2D, Tensor4D } from '../../tensor/tf.ts';
import { ConvModule } from '../conv-module.ts';
import { kaimingNormal, normal, xavierUniform } from '../initialisers.ts';
import { LinearModule } from '../linear-module.ts';
import type { NormSpec } from '../norm-module.ts';
import type { ParameterSet } from '../parameter-set.ts';

/** MMDetection's `ConvFCBBoxHead`; `Shared2FCBBoxHead` and `Shared4Conv1FCBBoxHead` are settings of it. */
export interface ConvFcBboxHeadOptions {
  readonly inChannels: number;
  /** Bins of the RoI features, height and width. */
  readonly roiFeatSize: readonly [number, number];
  readonly numSharedConvs: number;
  readonly numSharedFcs: number;
  readonly numClsConvs: number;
  readonly numClsFcs: number;
  readonly numRegConvs: number;
  readonly numRegFcs: number;
  readonly convOutChannels: number;
  readonly fcOutChannels: number;
  /** Rows of the classifier: the classes and the background. */
  readonly clsRows: number;
  /** Boxes per RoI: one per class, or 1 (`reg_class_agnostic`). */
  readonly regRows: number;
  /** Norm of the convolutions; null: a bias instead. */
  readonly norm: NormSpec | null;
}

/** What the head says of each RoI. */
export interface BboxHeadOutput {
  /** float32 [R, clsRows], before the softmax */
  readonly clsScore: Tensor2D;
  /** float32 [R, 4·regRows], dx dy dw dh of row 0, of row 1, … */
  readonly bboxPred: Tensor2D;
}

const NAME = 'roi_head.bbox_head';

/** A branch of the head: convolutions, then fully connected layers on the flattened bins. */
interface Branch {
  readonly convs: readonly ConvModule[];
  readonly fcs: readonly LinearModule[];
}

/** What a branch leaves: a map until the first fully connected layer, a vector from then on. */
type BranchFeatures = Tensor4D | Tensor2D;

/**
 * R-CNN's box head: shared convolutions and fully connected layers, then a branch each for classes and boxes. Tensors are
 * made in the order of MMDetection's state_dict, where the two predictors come first.
 */
export class ConvFcBboxHead {
  readonly #shared: Branch;
  readonly #cls: Branch;
  readonly #reg: Branch;
  readonly #fcCls: LinearModule;
  readonly #fcReg: LinearModule;

  constructor(parameters: ParameterSet, options: ConvFcBboxHeadOptions) {
    const shared = { convs: options.numSharedConvs, fcs: options.numSharedFcs };
    const cls = { convs: options.numClsConvs, fcs: options.numClsFcs };
    const reg = { convs: options.numRegConvs, fcs: options.numRegFcs };
    if (shared.fcs > 0 && cls.convs + reg.convs > 0) {
      throw new Error('ConvFcBboxHead: convolutions of a branch cannot follow shared FC layers');
    }
    const builder = new BranchBuilder(parameters, options);
    const input: LayerInput = { channels: options.inChannels, flat: false };
    const afterShared = builder.after(input, shared);
    this.#fcCls = builder.predictor(
      'fc_cls',
      builder.after(afterShared, cls),
      options.clsRows,
      0.01,
    );
    this.#fcReg = builder.predictor(
      'fc_reg',
      builder.after(afterShared, reg),
      options.regRows * 4,
      0.001,
    );
    this.#shared = builder.branch('shared', input, shared);
    this.#cls = builder.branch('cls', afterShared, cls);
    this.#reg = builder.branch('reg', afterShared, reg);
  }

  /**
   * float32 [R, h, w, C] → class scores and boxes of each RoI.
   *
   * @param training whether batch norms of the head normalise by the batch
   */
  forward(features: Tensor4D, training: boolean): BboxHeadOutput {
    const shared = run(this.#shared, features, training);
    return {
      clsScore: this.#fcCls.forward(flatten(run(this.#cls, shared, training))),
      bboxPred: this.#fcReg.forward(flatten(run(this.#reg, shared, training))),
    };
  }
}

interface LayerInput {
  /** Channels of a map, or features of a vector. */
  readonly channels: number;
  /** Whether the bins are flattened already. */
  readonly flat: boolean;
}

interface LayerCounts {
  readonly convs: number;
  readonly fcs: number;
}

/** Makes layers whose inputs follow from what comes before. */
class BranchBuilder {
  readonly #parameters: ParameterSet;
  readonly #options: ConvFcBboxHeadOptions;

  constructor(parameters: ParameterSet, options: ConvFcBboxHeadOptions) {
    this.#parameters = parameters;
    this.#options = options;
  }

  /** What a branch with these layers gives. */
  after(input: LayerInput, { convs, fcs }: LayerCounts): LayerInput {
    const { convOutChannels, fcOutChannels } = this.#options;
    if (fcs > 0) return { channels: fcOutChannels, flat: true };
    return { channels: convs > 0 ? convOutChannels : input.channels, flat: input.flat };
  }

  branch(kind: 'shared' | 'cls' | 'reg', input: LayerInput, counts: LayerCounts): Branch {
    const { convOutChannels, norm } = this.#options;
    const convs = Array.from(
      { length: counts.convs },
      (_, i) =>
        new ConvModule(this.#parameters, {
          name: `${NAME}.${kind}_convs.${i}.conv`,
          inChannels: i === 0 ? input.channels : convOutChannels,
          outChannels: convOutChannels,
          kernelSize: 3,
          relu: true,
          weightInit: kaimingNormal,
          ...(norm === null ? {} : { norm }),
        }),
    );
    const afterConvs = this.after(input, { convs: counts.convs, fcs: 0 });
    const fcs = Array.from({ length: counts.fcs }, (_, i) =>
      this.#linear(
        `${kind}_fcs.${i}`,
        i === 0 ? afterConvs : { channels: this.#options.fcOutChannels, flat: true },
        this.#options.fcOutChannels,
      ),
    );
    return { convs, fcs };
  }

  predictor(name: string, input: LayerInput, outFeatures: number, std: number): LinearModule {
    return new LinearModule(this.#parameters, {
      ...this.#inputOf(input),
      name: `${NAME}.${name}`,
      outFeatures,
      weightInit: normal(std),
    });
  }

  #linear(name: string, input: LayerInput, outFeatures: number): LinearModule {
    return new LinearModule(this.#parameters, {
      ...this.#inputOf(input),
      name: `${NAME}.${name}`,
      outFeatures,
      relu: true,
      weightInit: xavierUniform,
    });
  }

  /** The first layer on flattened bins reads them in PyTorch's order, channel by channel. */
  #inputOf({
    channels,
    flat,
  }: LayerInput): Pick<ConstructorParameters<typeof LinearModule>[1], 'inFeatures' | 'flattenOf'> {
    if (flat) return { inFeatures: channels };
    const [height, width] = this.#options.roiFeatSize;
    return { inFeatures: channels * height * width, flattenOf: { channels, height, width } };
  }
}

function run({ convs, fcs }: Branch, x: BranchFeatures, training: boolean): BranchFeatures {
  let features = x;
  for (const conv of convs) {
    if (!isMap(features)) throw new Error('ConvFcBboxHead: a convolution after an FC layer');
    features = conv.forward(features, training);
  }
  for (const fc of fcs) features = fc.forward(flatten(features));
  return features;
}

function isMap(features: BranchFeatures): features is Tensor4D {
  return features.rank === 4;
}

function flatten(features: BranchFeatures): Tensor2D {
  return isMap(features) ? tf.reshape(features, [features.shape[0], -1]) : features;
}
