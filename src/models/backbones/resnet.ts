import { UserError } from '../../base/errors.ts';
import { maxPool } from '../../ops/pool/max-pool.ts';
import type { Tensor4D } from '../../tensor/tf.ts';
import { ConvModule } from '../conv-module.ts';
import { kaimingNormal } from '../initialisers.ts';
import { NormModule } from '../norm-module.ts';
import type { ParameterSet } from '../parameter-set.ts';
import { ResidualBlock } from './residual-block.ts';
import type { BlockKind } from './residual-block.ts';

/** MMDetection's ResNet options that are built; names as there, in camelCase. */
export interface ResNetOptions {
  readonly depth: 18 | 34 | 50 | 101 | 152;
  /** Channels of the stem and of the first stage's planes; 64 in the paper. */
  readonly baseChannels: number;
  /** −1: nothing frozen; k ≥ 0: stem and stages 1 … k. */
  readonly frozenStages: number;
  /** Batch norms use running statistics also while training. */
  readonly normEval: boolean;
  /** Weights of the batch norms are trained (norm_cfg.requires_grad). */
  readonly normTrainable: boolean;
  /** Stride on the 3×3 (`pytorch`) or on the first 1×1 (`caffe`) of a bottleneck. */
  readonly style: 'pytorch' | 'caffe';
  /** Last norm of each block starts at 0, so that blocks start as identities. */
  readonly zeroInitResidual: boolean;
}

const STAGES: Record<
  ResNetOptions['depth'],
  { readonly block: BlockKind; readonly blocks: readonly number[] }
> = {
  18: { block: 'basic', blocks: [2, 2, 2, 2] },
  34: { block: 'basic', blocks: [3, 4, 6, 3] },
  50: { block: 'bottleneck', blocks: [3, 4, 6, 3] },
  101: { block: 'bottleneck', blocks: [3, 4, 23, 3] },
  152: { block: 'bottleneck', blocks: [3, 8, 36, 3] },
};

/** Channels of C2 … C5, e.g. 64, 128, 256, 512 for depth 18. */
export function resnetOutChannels(
  depth: ResNetOptions['depth'],
  baseChannels: number,
): readonly number[] {
  const { block, blocks } = STAGES[depth];
  return blocks.map((_, stage) => baseChannels * 2 ** stage * (block === 'bottleneck' ? 4 : 1));
}

/**
 * ResNet (He et al., 2016) as MMDetection builds it: 7×7 stride-2 stem, max pool, four stages; strides 4, 8, 16, 32.
 * Frozen stages are run by {@link forwardFrozen}, outside the tape.
 */
export class ResNet {
  readonly #stem: ConvModule;
  readonly #stemNorm: NormModule;
  readonly #stages: readonly (readonly ResidualBlock[])[];
  readonly #frozenStages: number;

  constructor(parameters: ParameterSet, options: ResNetOptions) {
    const { depth, baseChannels, frozenStages, normEval, normTrainable } = options;
    const plan = STAGES[depth];
    if (frozenStages < -1 || frozenStages > plan.blocks.length) {
      throw new UserError({
        code: 'frozen-stages-range',
        what: `frozen_stages is ${frozenStages}; a ResNet has stages 1 to ${plan.blocks.length}.`,
        action: 'Use −1 to freeze nothing, or a number from 0 to 4.',
        place: { key: 'model.backbone.frozen_stages' },
      });
    }
    this.#frozenStages = frozenStages;
    const stemFrozen = frozenStages >= 0;
    this.#stem = new ConvModule(parameters, {
      name: 'backbone.conv1',
      inChannels: 3,
      outChannels: baseChannels,
      kernelSize: 7,
      stride: 2,
      bias: false,
      trainable: !stemFrozen,
      weightInit: kaimingNormal,
    });
    this.#stemNorm = new NormModule(parameters, {
      name: 'backbone.bn1',
      channels: baseChannels,
      trainable: normTrainable && !stemFrozen,
      weight: 1,
      evaluation: normEval || stemFrozen,
    });
    let inChannels = baseChannels;
    this.#stages = plan.blocks.map((count, stage) => {
      const frozen = stage < frozenStages;
      return Array.from({ length: count }, (_, index) => {
        const block = new ResidualBlock(parameters, {
          name: `backbone.layer${stage + 1}.${index}`,
          kind: plan.block,
          inChannels,
          planes: baseChannels * 2 ** stage,
          stride: index === 0 && stage > 0 ? 2 : 1,
          style: options.style,
          trainable: !frozen,
          normTrainable: normTrainable && !frozen,
          normEvaluation: normEval || frozen,
          zeroInitResidual: options.zeroInitResidual,
        });
        inChannels = block.outChannels;
        return block;
      });
    });
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
    let features = this.#runStem(x, false);
    for (const stage of this.#stages.slice(0, this.#frozenStages)) {
      for (const block of stage) features = block.forward(features, false);
      outs.push(features);
    }
    return { x: features, outs, stemDone: true };
  }

  /** C2 … C5: float32 [N, H/4, W/4, C] … [N, H/32, W/32, C] (rounded up). */
  forward(frozen: FrozenFeatures, training: boolean): readonly Tensor4D[] {
    const outs = [...frozen.outs];
    let features = frozen.stemDone ? frozen.x : this.#runStem(frozen.x, training);
    for (const stage of this.#stages.slice(outs.length)) {
      for (const block of stage) features = block.forward(features, training);
      outs.push(features);
    }
    return outs;
  }

  #runStem(x: Tensor4D, training: boolean): Tensor4D {
    const features = this.#stemNorm.forward(this.#stem.forward(x), training, true);
    return maxPool(features, { kernelSize: 3, stride: 2, padding: 1 });
  }
}

/** What {@link ResNet.forwardFrozen} leaves for the trained part. */
export interface FrozenFeatures {
  readonly x: Tensor4D;
  readonly outs: readonly Tensor4D[];
  readonly stemDone: boolean;
}
