import type { Parameter } from '../../models/parameter-set.ts';
import type { ParamScales } from '../../ops/optim/update.ts';

/** MMEngine's paramwise_cfg: multipliers of learning rate and weight decay by kind of parameter and by name. */
export interface Paramwise {
  /** Decay of batch norms' weights and biases. */
  readonly normDecayMult: number;
  /** Decay and learning rate of other biases. */
  readonly biasDecayMult: number;
  readonly biasLrMult: number;
  /** Part of a parameter's name → multipliers, longest first: the first match wins and overrides the rest. */
  readonly customKeys: readonly {
    readonly key: string;
    readonly lrMult: number;
    readonly decayMult: number;
  }[];
}

export const NO_PARAMWISE: Paramwise = {
  normDecayMult: 1,
  biasDecayMult: 1,
  biasLrMult: 1,
  customKeys: [],
};

/**
 * Multipliers of one parameter, by DefaultOptimWrapperConstructor's rules: a custom key excludes the others; a norm's
 * bias counts as norm for decay and is exempt from bias_lr_mult.
 */
export function paramScales(
  { name, role }: Pick<Parameter, 'name' | 'role'>,
  weightDecay: number,
  paramwise: Paramwise,
): ParamScales {
  const custom = paramwise.customKeys.find(({ key }) => name.includes(key));
  if (custom !== undefined) {
    return { lrScale: custom.lrMult, decay: weightDecay * custom.decayMult };
  }
  if (role === 'norm-weight' || role === 'norm-bias') {
    return { lrScale: 1, decay: weightDecay * paramwise.normDecayMult };
  }
  if (role === 'bias') {
    return { lrScale: paramwise.biasLrMult, decay: weightDecay * paramwise.biasDecayMult };
  }
  return { lrScale: 1, decay: weightDecay };
}
