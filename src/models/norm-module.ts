import { batchNorm } from '../ops/norm/batch-norm.ts';
import type { BatchNormState } from '../ops/norm/batch-norm.ts';
import type { Tensor4D } from '../tensor/tf.ts';
import { constant } from './initialisers.ts';
import type { ParameterSet } from './parameter-set.ts';
import { as1D } from './tensor-rank.ts';

/** PyTorch's BatchNorm2d defaults, which MMDetection keeps. */
const EPS = 1e-5;
const MOMENTUM = 0.1;

export interface NormModuleSpec {
  /** state_dict prefix: `.weight .bias .running_mean .running_var`. */
  readonly name: string;
  readonly channels: number;
  readonly trainable: boolean;
  /** Initial weight: 1, or 0 for the last norm of a residual block with zero_init_residual. */
  readonly weight: number;
  /** Normalise by running statistics also while training (norm_eval, or a frozen stage). */
  readonly evaluation: boolean;
}

/** A batch norm with its four vectors. */
export class NormModule {
  readonly #state: BatchNormState;
  readonly #evaluation: boolean;

  constructor(
    parameters: ParameterSet,
    { name, channels, trainable, weight, evaluation }: NormModuleSpec,
  ) {
    const shape = [channels];
    const buffer = { shape, role: 'buffer', trainable: false } as const;
    this.#state = {
      weight: as1D(
        parameters.add(
          { name: `${name}.weight`, shape, role: 'norm-weight', trainable },
          constant(weight),
        ),
      ),
      bias: as1D(
        parameters.add({ name: `${name}.bias`, shape, role: 'norm-bias', trainable }, constant(0)),
      ),
      runningMean: as1D(parameters.add({ ...buffer, name: `${name}.running_mean` }, constant(0))),
      runningVar: as1D(parameters.add({ ...buffer, name: `${name}.running_var` }, constant(1))),
    };
    this.#evaluation = evaluation;
  }

  /** @param training whether the model is in training mode; `evaluation` norms ignore it */
  forward(x: Tensor4D, training: boolean, relu: boolean, residual?: Tensor4D): Tensor4D {
    return batchNorm(x, this.#state, {
      training: training && !this.#evaluation,
      relu,
      eps: EPS,
      momentum: MOMENTUM,
      ...(residual === undefined ? {} : { residual }),
    });
  }
}
