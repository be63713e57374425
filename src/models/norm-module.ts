import { UserError } from '../base/errors.ts';
import { batchNorm } from '../ops/norm/batch-norm.ts';
import { groupNorm, groupNormOnMaps } from '../ops/norm/group-norm.ts';
import type { Tensor4D } from '../tensor/tf.ts';
import { constant } from './initialisers.ts';
import type { ParameterSet } from './parameter-set.ts';
import { as1D } from './tensor-rank.ts';

/** MMDetection's norm_cfg. */
export interface NormSpec {
  /**
   * BN: batch norm. GN: group norm. FrozenBN: torchvision's FrozenBatchNorm2d, a batch norm that always normalises by its
   * running statistics and whose four vectors are buffers.
   */
  readonly type: 'BN' | 'GN' | 'FrozenBN';
  /** Whether weight and bias are trained; without effect for FrozenBN. */
  readonly requiresGrad: boolean;
  /** 1e-5 unless said; torchvision's COCO weights of FrozenBN want 0. */
  readonly eps?: number;
  /** BN only: share of the new batch in the running statistics; 0.1 unless said. */
  readonly momentum?: number;
  /** GN only, and needed there: divides the channels. */
  readonly numGroups?: number;
}

/** PyTorch's defaults, which MMDetection keeps. */
const EPS = 1e-5;
const MOMENTUM = 0.1;

/** How MMDetection abbreviates a norm in its keys: `bn1`, `gn1`. */
export function normKey({ type }: NormSpec): 'bn' | 'gn' {
  return type === 'GN' ? 'gn' : 'bn';
}

export interface NormModuleSpec {
  /** state_dict prefix: `.weight .bias`, and of batch norms `.running_mean .running_var`. */
  readonly name: string;
  readonly channels: number;
  readonly norm: NormSpec;
  /** Part of a frozen stage: not trained, and normalises by running statistics. */
  readonly frozen?: boolean;
  /** Normalise by running statistics also while training (norm_eval). */
  readonly evaluation?: boolean;
  /** Initial weight: 1 unless said, 0 for the last norm of a residual block with zero_init_residual. */
  readonly weight?: number;
}

/** How one pass goes through a norm. */
export interface NormPass {
  /** Whether the model is in training mode. */
  readonly training: boolean;
  readonly relu: boolean;
  /** Added before the ReLU. */
  readonly residual?: Tensor4D;
  /** The batch went through before and is computed anew for its gradient: running statistics have already moved. */
  readonly again?: boolean;
}

/** A normalisation layer with its vectors. */
export class NormModule {
  readonly #run: NormRun;

  constructor(parameters: ParameterSet, spec: NormModuleSpec) {
    this.#run =
      spec.norm.type === 'GN' ? groupNormOf(parameters, spec) : batchNormOf(parameters, spec);
  }

  /** float32 [N, H, W, C] → the same shape. */
  forward(x: Tensor4D, pass: NormPass): Tensor4D {
    const [y] = this.#run([x], pass);
    if (y === undefined) throw new Error('NormModule: no result');
    return y;
  }

  /** {@link forward} of several maps, one after the other by the same vectors. */
  forwardMaps(
    xs: readonly Tensor4D[],
    pass: Pick<NormPass, 'training' | 'relu'>,
  ): readonly Tensor4D[] {
    return this.#run(xs, pass);
  }
}

type NormRun = (xs: readonly Tensor4D[], pass: NormPass) => readonly Tensor4D[];

function batchNormOf(parameters: ParameterSet, spec: NormModuleSpec): NormRun {
  const { name, channels, norm, frozen = false, evaluation = false } = spec;
  const { eps = EPS, momentum = MOMENTUM } = norm;
  const buffer = { shape: [channels], role: 'buffer', trainable: false } as const;
  const state = {
    ...weightAndBias(parameters, spec),
    runningMean: as1D(parameters.add({ ...buffer, name: `${name}.running_mean` }, constant(0))),
    runningVar: as1D(parameters.add({ ...buffer, name: `${name}.running_var` }, constant(1))),
  };
  const fixed = frozen || evaluation || norm.type === 'FrozenBN';
  return (xs, { training, again = false, ...rest }) =>
    xs.map((x) =>
      batchNorm(x, state, {
        ...rest,
        training: training && !fixed,
        eps,
        // Momentum 0 leaves the running statistics bit for bit as they are.
        momentum: again ? 0 : momentum,
      }),
    );
}

function groupNormOf(parameters: ParameterSet, spec: NormModuleSpec): NormRun {
  const { channels, norm } = spec;
  const { eps = EPS, numGroups } = norm;
  if (numGroups === undefined) throw new Error(`NormModule: ${spec.name} is GN without numGroups`);
  if (channels % numGroups !== 0) {
    throw new UserError({
      code: 'group-norm-groups',
      what: `A group norm of ${channels} channels has num_groups ${numGroups}.`,
      why: 'Every group has the same number of channels.',
      action: 'Choose num_groups so that it divides the channels.',
    });
  }
  const { weight, bias } = weightAndBias(parameters, spec);
  return (xs, { relu, residual }) => {
    const options = { groups: numGroups, eps, relu };
    return residual === undefined
      ? groupNormOnMaps(xs, weight, bias, options)
      : xs.map((x) => groupNorm(x, weight, bias, { ...options, residual }));
  };
}

function weightAndBias(
  parameters: ParameterSet,
  { name, channels, norm, frozen = false, weight = 1 }: NormModuleSpec,
) {
  const buffers = norm.type === 'FrozenBN';
  const shared = {
    shape: [channels],
    trainable: !buffers && !frozen && norm.requiresGrad,
  };
  return {
    weight: as1D(
      parameters.add(
        { ...shared, name: `${name}.weight`, role: buffers ? 'buffer' : 'norm-weight' },
        constant(weight),
      ),
    ),
    bias: as1D(
      parameters.add(
        { ...shared, name: `${name}.bias`, role: buffers ? 'buffer' : 'norm-bias' },
        constant(0),
      ),
    ),
  };
}
