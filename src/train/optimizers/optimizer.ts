import type { Parameter } from '../../models/parameter-set.ts';
import { adamwUpdate, gradNorm, sgdUpdate } from '../../ops/optim/update.ts';
import type { ParamScales, UpdateStep } from '../../ops/optim/update.ts';
import { overwrite, uploadFloats } from '../../tensor/upload.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { paramScales } from './paramwise.ts';
import type { Paramwise } from './paramwise.ts';

export interface SgdOptions {
  readonly type: 'SGD';
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
}

export interface AdamwOptions {
  readonly type: 'AdamW';
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
}

export interface OptimizerOptions {
  readonly algorithm: SgdOptions | AdamwOptions;
  readonly paramwise: Paramwise;
  /** clip_grad.max_norm; 0 = no clipping. */
  readonly clipMaxNorm: number;
}

interface Slot {
  readonly parameter: Parameter;
  readonly scales: ParamScales;
  /** SGD: one velocity; AdamW: first and second moment. */
  readonly state: readonly Tensor[];
}

/**
 * The optimiser: state and weights stay on the GPU and are changed in place; nothing is read. Parameters whose gradient
 * is missing from a step (no path from the loss) keep their values, as in PyTorch.
 */
export class Optimizer {
  readonly #slots: readonly Slot[];
  readonly #options: OptimizerOptions;
  readonly #hyper: Tensor;
  #steps = 0;

  constructor(parameters: readonly Parameter[], options: OptimizerOptions) {
    this.#options = options;
    const states = options.algorithm.type === 'SGD' ? 1 : 2;
    this.#slots = parameters.map((parameter) => ({
      parameter,
      scales: paramScales(parameter, options.algorithm.weightDecay, options.paramwise),
      state: Array.from({ length: states }, () => tf.keep(tf.zeros(parameter.variable.shape))),
    }));
    this.#hyper = tf.keep(uploadFloats(new Float32Array([0, 1, 1]), [3]));
  }

  /** Steps taken; AdamW's bias correction depends on it. */
  get steps(): number {
    return this.#steps;
  }

  /** Variables to differentiate. */
  get variables(): readonly Parameter[] {
    return this.#slots.map(({ parameter }) => parameter);
  }

  /**
   * Records one update.
   *
   * @param gradients by tfjs variable name
   * @param lr learning rate of this step
   * @returns float32 [2]: gradient norm before clipping, and the factor applied (−1: not finite, step skipped)
   */
  step(gradients: Readonly<Record<string, Tensor>>, lr: number): Tensor {
    this.#steps += 1;
    const pairs = this.#slots.flatMap((slot) => {
      const gradient = gradients[slot.parameter.variable.name];
      return gradient === undefined ? [] : [{ slot, gradient }];
    });
    const clip = gradNorm(
      pairs.map(({ gradient }) => gradient),
      this.#options.clipMaxNorm,
    );
    overwrite(this.#hyper, this.#hyperValues(lr));
    const shared: UpdateStep = { clip, hyper: this.#hyper };
    for (const { slot, gradient } of pairs) this.#update(slot, gradient, shared);
    return clip;
  }

  #hyperValues(lr: number): Float32Array<ArrayBuffer> {
    const { algorithm } = this.#options;
    if (algorithm.type === 'SGD') return new Float32Array([lr, 1, 1]);
    const [beta1, beta2] = algorithm.betas;
    return new Float32Array([lr, 1 - beta1 ** this.#steps, Math.sqrt(1 - beta2 ** this.#steps)]);
  }

  #update({ parameter, scales, state }: Slot, gradient: Tensor, shared: UpdateStep): void {
    const { algorithm } = this.#options;
    const [first, second] = state;
    if (first === undefined) throw new Error('Optimizer: state');
    if (algorithm.type === 'SGD') {
      sgdUpdate(parameter.variable, gradient, first, shared, {
        ...scales,
        momentum: algorithm.momentum,
        nesterov: algorithm.nesterov,
      });
      return;
    }
    if (second === undefined) throw new Error('Optimizer: state');
    const [beta1, beta2] = algorithm.betas;
    adamwUpdate(parameter.variable, gradient, { first, second }, shared, {
      ...scales,
      beta1,
      beta2,
      eps: algorithm.eps,
    });
  }

  dispose(): void {
    for (const { state } of this.#slots) for (const tensor of state) tensor.dispose();
    this.#hyper.dispose();
  }
}
