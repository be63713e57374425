import { conv2d } from '../ops/conv/conv2d.ts';
import type { Tensor4D, Variable } from '../tensor/tf.ts';
import { constant } from './initialisers.ts';
import { convLayout } from './parameter-layout.ts';
import type { Initialiser, ParameterSet } from './parameter-set.ts';
import { as1D, as4D } from './tensor-rank.ts';

export interface ConvModuleSpec {
  /** state_dict prefix: `NAME.weight` and `NAME.bias`. */
  readonly name: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride?: number;
  readonly bias: boolean;
  readonly relu?: boolean;
  readonly trainable?: boolean;
  readonly weightInit: Initialiser;
  readonly biasInit?: Initialiser;
}

/** A convolution with its parameters, padded by (K−1)/2 as everywhere in these models. */
export class ConvModule {
  readonly #weight: Variable;
  readonly #bias: Variable | null;
  readonly #options: { readonly stride: number; readonly padding: number; readonly relu: boolean };

  constructor(parameters: ParameterSet, spec: ConvModuleSpec) {
    const { name, inChannels, outChannels, kernelSize, trainable = true } = spec;
    this.#weight = parameters.add(
      {
        name: `${name}.weight`,
        shape: [outChannels, inChannels, kernelSize, kernelSize],
        role: 'weight',
        trainable,
        layout: convLayout,
      },
      spec.weightInit,
    );
    this.#bias = spec.bias
      ? parameters.add(
          { name: `${name}.bias`, shape: [outChannels], role: 'bias', trainable },
          spec.biasInit ?? constant(0),
        )
      : null;
    this.#options = {
      stride: spec.stride ?? 1,
      padding: (kernelSize - 1) / 2,
      relu: spec.relu ?? false,
    };
  }

  /** float32 [N, H, W, CI] → [N, ceil(H/stride), ceil(W/stride), CO]. */
  forward(x: Tensor4D): Tensor4D {
    return conv2d(
      x,
      as4D(this.#weight),
      this.#bias === null ? null : as1D(this.#bias),
      this.#options,
    );
  }
}
