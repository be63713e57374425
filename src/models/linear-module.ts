import { linear } from '../ops/linear/linear.ts';
import type { Tensor2D, Variable } from '../tensor/tf.ts';
import { constant } from './initialisers.ts';
import { linearLayout } from './parameter-layout.ts';
import type { FeatureMapSides } from './parameter-layout.ts';
import type { Initialiser, ParameterSet } from './parameter-set.ts';
import { as1D, as2D } from './tensor-rank.ts';

export interface LinearModuleSpec {
  /** state_dict prefix: `NAME.weight` and `NAME.bias`. */
  readonly name: string;
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** true unless said. */
  readonly bias?: boolean;
  readonly relu?: boolean;
  readonly trainable?: boolean;
  readonly weightInit: Initialiser;
  readonly biasInit?: Initialiser;
  /**
   * The feature map whose flattened values are the inputs: PyTorch flattens it channel by channel (NCHW), we pixel by pixel
   * (NHWC), and the weight is stored accordingly.
   */
  readonly flattenOf?: FeatureMapSides;
}

/** A linear layer with its parameters, PyTorch's Linear: [out, in] in the state_dict. */
export class LinearModule {
  readonly #weight: Variable;
  readonly #bias: Variable | null;
  readonly #relu: boolean;

  constructor(parameters: ParameterSet, spec: LinearModuleSpec) {
    const { name, inFeatures, outFeatures, bias = true, trainable = true } = spec;
    this.#weight = parameters.add(
      {
        name: `${name}.weight`,
        shape: [outFeatures, inFeatures],
        role: 'weight',
        trainable,
        layout: linearLayout(spec.flattenOf),
      },
      spec.weightInit,
    );
    this.#bias = bias
      ? parameters.add(
          { name: `${name}.bias`, shape: [outFeatures], role: 'bias', trainable },
          spec.biasInit ?? constant(0),
        )
      : null;
    this.#relu = spec.relu ?? false;
  }

  /** float32 [R, inFeatures] → [R, outFeatures]; with `flattenOf` the rows are maps [H, W, C] flattened. */
  forward(x: Tensor2D): Tensor2D {
    const bias = this.#bias === null ? null : as1D(this.#bias);
    return linear(x, as2D(this.#weight), bias, { relu: this.#relu });
  }
}
