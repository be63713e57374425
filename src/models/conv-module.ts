import { conv2dOnMaps } from '../ops/conv/conv2d.ts';
import type { Conv2dOptions } from '../ops/conv/conv2d.ts';
import type { Tensor4D, Variable } from '../tensor/tf.ts';
import { constant } from './initialisers.ts';
import { NormModule, normKey } from './norm-module.ts';
import type { NormSpec } from './norm-module.ts';
import { convLayout } from './parameter-layout.ts';
import type { Initialiser, ParameterSet } from './parameter-set.ts';
import { as1D, as4D } from './tensor-rank.ts';

export interface ConvModuleSpec {
  /** state_dict prefix of the convolution: `NAME.weight` and `NAME.bias`. */
  readonly name: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride?: number;
  /** 1 unless said. */
  readonly dilation?: number;
  /** 1 unless said. */
  readonly groups?: number;
  /** MMDetection's conv_bias; unless said, a convolution has a bias when no norm follows it. */
  readonly bias?: boolean;
  /** Follows the convolution; its keys are beside the convolution's: `X.conv.weight`, `X.bn.weight` or `X.gn.weight`. */
  readonly norm?: NormSpec;
  /** ReLU after the norm, or after the convolution. */
  readonly relu?: boolean;
  /** false: neither the convolution nor its norm is trained. */
  readonly trainable?: boolean;
  readonly weightInit: Initialiser;
  readonly biasInit?: Initialiser;
}

/**
 * MMDetection's ConvModule: a convolution, then a norm and a ReLU if wanted, with their parameters. Padded by
 * dilation·(K−1)/2 as everywhere in these models.
 */
export class ConvModule {
  readonly #weight: Variable;
  readonly #bias: Variable | null;
  readonly #options: Conv2dOptions;
  readonly #norm: NormModule | undefined;
  readonly #relu: boolean;
  readonly #needsMode: boolean;

  constructor(parameters: ParameterSet, spec: ConvModuleSpec) {
    const { name, inChannels, outChannels, kernelSize, norm } = spec;
    const { dilation = 1, groups = 1, bias = norm === undefined, trainable = true } = spec;
    // Before anything is added: it may throw.
    const normPrefix = norm === undefined ? '' : normName(name, norm);
    this.#weight = parameters.add(
      {
        name: `${name}.weight`,
        shape: [outChannels, inChannels / groups, kernelSize, kernelSize],
        role: 'weight',
        trainable,
        layout: convLayout,
      },
      spec.weightInit,
    );
    this.#bias = bias
      ? parameters.add(
          { name: `${name}.bias`, shape: [outChannels], role: 'bias', trainable },
          spec.biasInit ?? constant(0),
        )
      : null;
    this.#relu = spec.relu ?? false;
    this.#norm =
      norm === undefined
        ? undefined
        : new NormModule(parameters, {
            name: normPrefix,
            channels: outChannels,
            norm,
            frozen: !trainable,
          });
    this.#needsMode = norm?.type === 'BN';
    this.#options = {
      stride: spec.stride ?? 1,
      padding: (dilation * (kernelSize - 1)) / 2,
      dilation,
      groups,
      relu: this.#relu && norm === undefined,
    };
  }

  /**
   * float32 [N, H, W, CI] → [N, ceil(H/stride), ceil(W/stride), CO].
   *
   * @param training whether the model is in training mode; only a batch norm asks for it
   * @throws Error when a batch norm is not told
   */
  forward(x: Tensor4D, training?: boolean): Tensor4D {
    const [y] = this.forwardMaps([x], training);
    if (y === undefined) throw new Error('ConvModule: no result');
    return y;
  }

  /** {@link forward} of several maps, one after the other through the same parameters; their gradients are one sum. */
  forwardMaps(xs: readonly Tensor4D[], training?: boolean): readonly Tensor4D[] {
    const bias = this.#bias === null ? null : as1D(this.#bias);
    const ys = conv2dOnMaps(xs, as4D(this.#weight), bias, this.#options);
    const norm = this.#norm;
    if (norm === undefined) return ys;
    if (training === undefined && this.#needsMode)
      throw new Error('ConvModule: argument training decides how a batch norm normalises');
    return norm.forwardMaps(ys, { training: training ?? false, relu: this.#relu });
  }
}

function normName(conv: string, norm: NormSpec): string {
  if (!/(?:^|\.)conv$/.test(conv))
    throw new Error(`ConvModule: with a norm the name ends in "conv", not "${conv}"`);
  return conv.replace(/conv$/, normKey(norm));
}

/** Convolutions one after the other, over several maps at once: a head's tower. */
export function runTower(
  convs: readonly ConvModule[],
  maps: readonly Tensor4D[],
  training?: boolean,
): readonly Tensor4D[] {
  return convs.reduce((features, conv) => conv.forwardMaps(features, training), maps);
}
