import type { Parameter, ParameterSet } from '../models/parameter-set.ts';
import { averagedPerDispatch, moveAverage, swapAverage } from '../ops/average/average.ts';
import type { AveragedTensor } from '../ops/average/average.ts';
import { tf } from '../tensor/tf.ts';
import type { Tensor } from '../tensor/tf.ts';
import { overwrite, uploadFloats } from '../tensor/upload.ts';
import { groupParameters } from './parameter-groups.ts';

/** How far an average moves per update: MMEngine's averaged models, and MMDetection's ExpMomentumEMA. */
export type EmaRule =
  | { readonly type: 'ExponentialMovingAverage'; readonly momentum: number }
  | {
      readonly type: 'MomentumAnnealingEMA' | 'ExpMomentumEMA';
      readonly momentum: number;
      readonly gamma: number;
    }
  | { readonly type: 'StochasticWeightAverage' };

export interface EmaOptions {
  readonly rule: EmaRule;
  /** Steps between two updates. */
  readonly interval: number;
  /** Whether batch norms' statistics are averaged too; otherwise they stay the model's. */
  readonly updateBuffers: boolean;
  /** First iteration (1-based) that counts; before it the average is the model itself. */
  readonly beginIter: number;
}

/**
 * The share of the model in the average at update number `steps` (0-based). The first update copies.
 *
 * @param interval steps between two updates (StochasticWeightAverage counts updates)
 */
export function emaMomentum(rule: EmaRule, steps: number, interval: number): number {
  if (steps === 0) return 1;
  switch (rule.type) {
    case 'ExponentialMovingAverage':
      return rule.momentum;
    case 'MomentumAnnealingEMA':
      return Math.max(rule.momentum, rule.gamma / (rule.gamma + steps));
    case 'ExpMomentumEMA':
      return (1 - rule.momentum) * Math.exp(-(1 + steps) / rule.gamma) + rule.momentum;
    case 'StochasticWeightAverage':
      return 1 / (Math.floor(steps / interval) + 1);
  }
}

interface Group {
  readonly average: Tensor;
  readonly tensors: readonly AveragedTensor[];
}

/**
 * A running average of a model's weights on the GPU, MMEngine's EMAHook: training goes on with the model's own weights,
 * and what is evaluated or saved is the average. As many tensors share a dispatch as the device can bind.
 *
 * Frozen weights are left out: their average is what they are.
 */
export class Ema {
  readonly #options: EmaOptions;
  readonly #groups: readonly Group[];
  readonly #momentum: Tensor;
  #lastMomentum = 1;
  #steps = 0;

  constructor(parameters: ParameterSet, options: EmaOptions) {
    this.#options = options;
    const isAveraged = ({ role, trainable }: Parameter): boolean =>
      trainable || (options.updateBuffers && role === 'buffer');
    const limits = { most: averagedPerDispatch(), states: 1 };
    this.#groups = groupParameters(parameters.list().filter(isAveraged), limits).map(
      ({ members, size }) => ({
        average: tf.keep(tf.zeros([size])),
        tensors: members.map(({ parameter, at }) => ({ source: parameter.variable, at })),
      }),
    );
    this.#momentum = tf.keep(uploadFloats(Float32Array.of(1), [1]));
  }

  /** Updates seen since {@link EmaOptions.beginIter}; MMEngine's `steps`. */
  get steps(): number {
    return this.#steps;
  }

  /** Records the update of the averages after iteration `iter` (1-based). */
  afterUpdate(iter: number): void {
    const { rule, interval, beginIter } = this.#options;
    if (iter < beginIter) return;
    if (this.#steps % interval === 0) {
      const momentum = emaMomentum(rule, this.#steps, interval);
      if (momentum !== this.#lastMomentum) overwrite(this.#momentum, Float32Array.of(momentum));
      this.#lastMomentum = momentum;
      for (const { average, tensors } of this.#groups)
        moveAverage(average, tensors, this.#momentum);
    }
    this.#steps += 1;
  }

  /** Exchanges the model's weights with the averages; before the first update they are the same. */
  swap(): void {
    if (this.#steps === 0) return;
    for (const { average, tensors } of this.#groups) swapAverage(average, tensors);
  }

  /**
   * Runs `record` while the model holds the averages. Only what `record` does before it first waits sees them, so it must
   * record all its GPU work at once (as reads and predictions do); training steps may then follow while it waits.
   */
  during<T>(record: () => T): T {
    this.swap();
    try {
      return record();
    } finally {
      this.swap();
    }
  }

  dispose(): void {
    for (const { average } of this.#groups) average.dispose();
    this.#momentum.dispose();
  }
}
