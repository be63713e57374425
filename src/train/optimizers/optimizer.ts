import type { Parameter } from '../../models/parameter-set.ts';
import { updateStep } from '../../ops/optim/grad-norm.ts';
import { pairsPerDispatch, statesOf, updateParameters } from '../../ops/optim/update.ts';
import type { ParamScales, UpdatePair, UpdateRule } from '../../ops/optim/update.ts';
import { overwrite, uploadFloats } from '../../tensor/upload.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { groupParameters } from '../parameter-groups.ts';
import { paramScales } from './paramwise.ts';
import type { Paramwise } from './paramwise.ts';

export interface OptimizerOptions {
  readonly algorithm: UpdateRule & { readonly weightDecay: number };
  readonly paramwise: Paramwise;
  /** clip_grad.max_norm; 0 = no clipping by norm. */
  readonly clipMaxNorm: number;
  /** clip_grad.clip_value (type value); 0 = no clipping by value. */
  readonly clipValue?: number;
}

/** A parameter and where its state begins in the state of its group. */
interface Slot {
  readonly parameter: Parameter;
  readonly scales: ParamScales;
  readonly at: number;
}

/**
 * Parameters updated by one dispatch. Their state lies in one tensor: SGD [n], Adam and AdamW [2n]. One tensor per
 * group and not one for all keeps within the largest binding of any device.
 */
interface Group {
  readonly slots: readonly Slot[];
  readonly state: Tensor;
}

/**
 * The optimiser: state and weights stay on the GPU and are changed in place; nothing is read. As many parameters share a
 * dispatch as the device can bind. Parameters whose gradient is missing from a step (no path from the loss) keep their
 * values, as in PyTorch.
 */
export class Optimizer {
  readonly #groups: readonly Group[];
  readonly #options: OptimizerOptions;
  readonly #hyper: Tensor;
  #steps = 0;

  constructor(parameters: readonly Parameter[], options: OptimizerOptions) {
    this.#options = options;
    const { algorithm, paramwise } = options;
    const states = statesOf(algorithm);
    const limits = { most: pairsPerDispatch(), states };
    this.#groups = groupParameters(parameters, limits).map(({ members, size }) => ({
      slots: members.map(({ parameter, at }): Slot => ({
        parameter,
        at,
        scales: paramScales(parameter, algorithm.weightDecay, paramwise),
      })),
      state: tf.keep(tf.zeros([size * states])),
    }));
    this.#hyper = tf.keep(uploadFloats(new Float32Array([0, 1, 1]), [3]));
  }

  /** Steps taken; Adam's bias correction depends on it. */
  get steps(): number {
    return this.#steps;
  }

  /** Variables to differentiate. */
  get variables(): readonly Parameter[] {
    return this.#groups.flatMap(({ slots }) => slots.map(({ parameter }) => parameter));
  }

  /**
   * Records one update.
   *
   * @param gradients by tfjs variable name
   * @param lr learning rate of this step
   * @returns float32, beginning with the gradient norm before clipping and the factor applied (−1: not finite, step
   *   skipped)
   */
  step(gradients: Readonly<Record<string, Tensor>>, lr: number): Tensor {
    this.#steps += 1;
    const { algorithm, clipMaxNorm, clipValue = 0 } = this.#options;
    const work = this.#groups.map(({ slots, state }) => ({
      state,
      pairs: slots.flatMap(({ parameter, scales, at }): UpdatePair[] => {
        const gradient = gradients[parameter.variable.name];
        return gradient === undefined ? [] : [{ ...scales, w: parameter.variable, gradient, at }];
      }),
    }));
    overwrite(this.#hyper, this.#hyperValues(lr));
    const all = work.flatMap(({ pairs }) => pairs.map(({ gradient }) => gradient));
    const step = updateStep(all, clipMaxNorm, this.#hyper);
    for (const { state, pairs } of work)
      updateParameters(algorithm, pairs, { step, state, clipValue });
    return step;
  }

  #hyperValues(lr: number): Float32Array<ArrayBuffer> {
    const { algorithm } = this.#options;
    if (algorithm.type === 'SGD') return new Float32Array([lr, 1, 1]);
    const [beta1, beta2] = algorithm.betas;
    return new Float32Array([lr, 1 - beta1 ** this.#steps, Math.sqrt(1 - beta2 ** this.#steps)]);
  }

  /**
   * The state of one parameter by PyTorch's names: SGD with momentum `momentum_buffer`; Adam and AdamW `exp_avg` and
   * `exp_avg_sq`. Copies in the shape of the parameter's variable (HWIO), for the caller to dispose of; empty for SGD
   * without momentum and for parameters that are not optimised.
   */
  stateOf(name: string): Readonly<Record<string, Tensor>> {
    const { algorithm } = this.#options;
    if (algorithm.type === 'SGD' && algorithm.momentum === 0) return {};
    const keys = algorithm.type === 'SGD' ? ['momentum_buffer'] : ['exp_avg', 'exp_avg_sq'];
    for (const { slots, state } of this.#groups) {
      const slot = slots.find(({ parameter }) => parameter.name === name);
      if (slot === undefined) continue;
      const { size, shape } = slot.parameter.variable;
      const count = state.size / keys.length;
      return Object.fromEntries(
        keys.map((key, i) => [
          key,
          tf.tidy(() => state.slice([i * count + slot.at], [size]).reshape(shape)),
        ]),
      );
    }
    return {};
  }

  dispose(): void {
    for (const { state } of this.#groups) state.dispose();
    this.#hyper.dispose();
  }
}
