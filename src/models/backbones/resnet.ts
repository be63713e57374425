import { UserError } from '../../base/errors.ts';
import type { Tensor4D } from '../../tensor/tf.ts';
import type { NormSpec } from '../norm-module.ts';
import type { ParameterSet } from '../parameter-set.ts';
import { expansion, ResidualBlock } from './residual-block.ts';
import type { BlockKind } from './residual-block.ts';
import { ResNetStem } from './resnet-stem.ts';

/** Which blocks the four stages have, and how many each. */
export interface StagePlan {
  readonly block: BlockKind;
  readonly blocks: readonly [number, number, number, number];
}

/** MMDetection's ResNet options that are built; names as there, in camelCase. */
export interface ResNetOptions {
  readonly depth: 18 | 34 | 50 | 101 | 152;
  /** Other stages than those of `depth`, e.g. bottlenecks [2, 2, 2, 2] for a ResNet-26. */
  readonly stages?: StagePlan;
  /** Channels of the stem and of the first stage's planes; 64 in the paper. */
  readonly baseChannels: number;
  /** −1: nothing frozen; k ≥ 0: stem and stages 1 … k. torchvision's t trainable layers are 4 − t. */
  readonly frozenStages: number;
  /** Batch norms use running statistics also while training. */
  readonly normEval: boolean;
  /** norm_cfg. */
  readonly norm: NormSpec;
  /** Stride on the 3×3 (`pytorch`) or on the first 1×1 (`caffe`) of a bottleneck. */
  readonly style: 'pytorch' | 'caffe';
  /** Last norm of each block starts at 0, so that blocks start as identities. */
  readonly zeroInitResidual: boolean;
  /** Three 3×3 convolutions in the stem (deep_stem of ResNetV1c and V1d). */
  readonly deepStem?: boolean;
  /** Average pooling in the shortcuts (avg_down of ResNetV1d). */
  readonly avgDown?: boolean;
  /** Gradient checkpointing of every trained block: less memory, one more forward pass, the same numbers. */
  readonly withCp?: boolean;
}

const STAGES: Record<ResNetOptions['depth'], StagePlan> = {
  18: { block: 'basic', blocks: [2, 2, 2, 2] },
  34: { block: 'basic', blocks: [3, 4, 6, 3] },
  50: { block: 'bottleneck', blocks: [3, 4, 6, 3] },
  101: { block: 'bottleneck', blocks: [3, 4, 23, 3] },
  152: { block: 'bottleneck', blocks: [3, 8, 36, 3] },
};

/** The stages of a ResNet: those of its depth, unless its options name others. */
export function stagePlan({ depth, stages }: Pick<ResNetOptions, 'depth' | 'stages'>): StagePlan {
  return stages ?? STAGES[depth];
}

/** Channels of C2 … C5, e.g. 64, 128, 256, 512 for depth 18; from the depth, or from stages of another kind. */
export function resnetOutChannels(
  of: ResNetOptions['depth'] | StagePlan,
  baseChannels: number,
): readonly number[] {
  const { block, blocks } = typeof of === 'number' ? STAGES[of] : of;
  return blocks.map((_, stage) => baseChannels * 2 ** stage * expansion(block));
}

/**
 * ResNet (He et al., 2016) as MMDetection builds it, with the variants of ResNetV1c and V1d (He et al., 2019, Bag of Tricks):
 * stem with max pool, four stages; strides 4, 8, 16, 32. Frozen stages are run by {@link forwardFrozen}, outside the tape.
 */
export class ResNet {
  readonly #stem: ResNetStem;
  readonly #stages: readonly (readonly ResidualBlock[])[];
  readonly #frozenStages: number;
  readonly #withCp: boolean;

  constructor(parameters: ParameterSet, options: ResNetOptions) {
    const { baseChannels, frozenStages, normEval, norm } = options;
    const plan = stagePlan(options);
    if (frozenStages < -1 || frozenStages > plan.blocks.length) {
      throw new UserError({
        code: 'frozen-stages-range',
        what: `frozen_stages is ${frozenStages}; a ResNet has stages 1 to ${plan.blocks.length}.`,
        action: 'Use −1 to freeze nothing, or a number from 0 to 4.',
        place: { key: 'model.backbone.frozen_stages' },
      });
    }
    this.#frozenStages = frozenStages;
    this.#withCp = options.withCp ?? false;
    this.#stem = new ResNetStem(parameters, {
      channels: baseChannels,
      deep: options.deepStem ?? false,
      norm,
      frozen: frozenStages >= 0,
      normEvaluation: normEval,
    });
    let inChannels = baseChannels;
    this.#stages = plan.blocks.map((count, stage) =>
      Array.from({ length: count }, (_, index) => {
        const block = new ResidualBlock(parameters, {
          name: `backbone.layer${stage + 1}.${index}`,
          kind: plan.block,
          inChannels,
          planes: baseChannels * 2 ** stage,
          stride: index === 0 && stage > 0 ? 2 : 1,
          style: options.style,
          avgDown: options.avgDown ?? false,
          norm,
          frozen: stage < frozenStages,
          normEvaluation: normEval,
          zeroInitResidual: options.zeroInitResidual,
        });
        inChannels = block.outChannels;
        return block;
      }),
    );
  }

  /**
   * The part that no gradient reaches: stem and frozen stages. Run it outside the tape and hand its result to
   * {@link forward}, so that its activations are not kept for the backward pass.
   *
   * @param x float32 [N, H, W, 3], normalised
   * @returns the outputs of the frozen stages, or `x` itself when nothing is frozen
   */
  forwardFrozen(x: Tensor4D): FrozenFeatures {
    if (this.#frozenStages < 0) return { x, outs: [], stemDone: false };
    const outs: Tensor4D[] = [];
    let features = this.#stem.forward(x, false);
    for (const stage of this.#stages.slice(0, this.#frozenStages)) {
      for (const block of stage) features = block.forward(features, false);
      outs.push(features);
    }
    return { x: features, outs, stemDone: true };
  }

  /** C2 … C5: float32 [N, H/4, W/4, C] … [N, H/32, W/32, C] (rounded up). */
  forward(frozen: FrozenFeatures, training: boolean): readonly Tensor4D[] {
    const outs = [...frozen.outs];
    let features = frozen.stemDone ? frozen.x : this.#stem.forward(frozen.x, training);
    // The first block on frozen features has an input without a gradient.
    let differentiateX = !frozen.stemDone;
    for (const stage of this.#stages.slice(outs.length)) {
      for (const block of stage) {
        features = this.#withCp
          ? block.forwardCheckpointed(features, training, differentiateX)
          : block.forward(features, training);
        differentiateX = true;
      }
      outs.push(features);
    }
    return outs;
  }
}

/** What {@link ResNet.forwardFrozen} leaves for the trained part. */
export interface FrozenFeatures {
  readonly x: Tensor4D;
  readonly outs: readonly Tensor4D[];
  readonly stemDone: boolean;
}
