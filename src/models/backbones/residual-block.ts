import { avgPool } from '../../ops/pool/avg-pool.ts';
import { checkpointed } from '../../tensor/gradient-checkpoint.ts';
import type { Tensor4D, Variable } from '../../tensor/tf.ts';
import { ConvModule } from '../conv-module.ts';
import { kaimingNormal } from '../initialisers.ts';
import { NormModule, normKey } from '../norm-module.ts';
import type { NormPass, NormSpec } from '../norm-module.ts';
import type { ParameterSet } from '../parameter-set.ts';

/** BasicBlock (ResNet-18, 34) or Bottleneck (50, 101). */
export type BlockKind = 'basic' | 'bottleneck';

export interface ResidualBlockSpec {
  /** state_dict prefix, e.g. `backbone.layer2.0`. */
  readonly name: string;
  readonly kind: BlockKind;
  readonly inChannels: number;
  readonly planes: number;
  readonly stride: number;
  readonly style: 'pytorch' | 'caffe';
  /** The shortcut shrinks by average pooling instead of by the stride of its convolution (ResNet-D). */
  readonly avgDown: boolean;
  readonly norm: NormSpec;
  /** Not trained, norms included. */
  readonly frozen: boolean;
  readonly normEvaluation: boolean;
  readonly zeroInitResidual: boolean;
}

interface Layer {
  readonly conv: ConvModule;
  readonly norm: NormModule;
}

interface Downsample extends Layer {
  /** Side of the pooling windows before the convolution; 1 pools nothing. */
  readonly pool: number;
}

/** Number of channels out of a block per plane. */
export function expansion(kind: BlockKind): number {
  return kind === 'bottleneck' ? 4 : 1;
}

/**
 * A residual block (He et al., 2016, fig. 5): convolutions with norms, the shortcut added before the last ReLU.
 * Tensors are made in the order of MMDetection's state_dict.
 */
export class ResidualBlock {
  readonly outChannels: number;
  readonly #layers: readonly Layer[];
  readonly #downsample: Downsample | undefined;
  readonly #variables: readonly Variable[];

  constructor(parameters: ParameterSet, spec: ResidualBlockSpec) {
    const { name, kind, inChannels, planes, stride, avgDown } = spec;
    const plan = layerPlan(spec);
    this.outChannels = planes * expansion(kind);
    this.#layers = plan.map((layer, index) => {
      const last = index === plan.length - 1;
      return makeLayer(parameters, spec, {
        ...layer,
        conv: `${name}.conv${index + 1}`,
        norm: `${name}.${normKey(spec.norm)}${index + 1}`,
        normWeight: last && spec.zeroInitResidual ? 0 : 1,
      });
    });
    if (stride !== 1 || inChannels !== this.outChannels) {
      // A Sequential in MMDetection: the pooling, which has no tensors, takes a number too.
      const first = avgDown ? 1 : 0;
      const layer = makeLayer(parameters, spec, {
        conv: `${name}.downsample.${first}`,
        norm: `${name}.downsample.${first + 1}`,
        inChannels,
        outChannels: this.outChannels,
        kernelSize: 1,
        stride: avgDown ? 1 : stride,
        normWeight: 1,
      });
      this.#downsample = { ...layer, pool: avgDown ? stride : 1 };
    }
    this.#variables = parameters
      .trainable()
      .filter((parameter) => parameter.name.startsWith(`${name}.`))
      .map(({ variable }) => variable);
  }

  /** float32 [N, H, W, inChannels] → [N, ceil(H/stride), ceil(W/stride), outChannels]. */
  forward(x: Tensor4D, training: boolean): Tensor4D {
    return this.#run(x, { training });
  }

  /**
   * As {@link forward}, keeping only `x` for the gradient (MMDetection's with_cp).
   *
   * @param differentiateX whether `x` itself has a gradient
   */
  forwardCheckpointed(x: Tensor4D, training: boolean, differentiateX: boolean): Tensor4D {
    const variables = this.#variables;
    return checkpointed((input, again) => this.#run(input, { training, again }), {
      x,
      differentiateX,
      variables,
    });
  }

  #run(input: Tensor4D, pass: Pick<NormPass, 'training' | 'again'>): Tensor4D {
    // The gradients of the two branches are added to each other before those of the input's other readers (a neck): float
    // sums depend on their order, and this is the one that a checkpointed block has.
    const x = input.clone();
    const shortcut = this.#shortcut(x, pass);
    let features = x;
    for (const [index, { conv, norm }] of this.#layers.entries()) {
      const last = index === this.#layers.length - 1;
      features = norm.forward(conv.forward(features), {
        ...pass,
        relu: true,
        ...(last ? { residual: shortcut } : {}),
      });
    }
    return features;
  }

  #shortcut(x: Tensor4D, pass: Pick<NormPass, 'training' | 'again'>): Tensor4D {
    if (this.#downsample === undefined) return x;
    const { conv, norm, pool } = this.#downsample;
    const smaller = pool === 1 ? x : avgPool(x, pool);
    return norm.forward(conv.forward(smaller), { ...pass, relu: false });
  }
}

interface LayerShape {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride: number;
}

function layerPlan({
  kind,
  inChannels,
  planes,
  stride,
  style,
}: ResidualBlockSpec): readonly LayerShape[] {
  if (kind === 'basic') {
    return [
      { inChannels, outChannels: planes, kernelSize: 3, stride },
      { inChannels: planes, outChannels: planes, kernelSize: 3, stride: 1 },
    ];
  }
  const caffe = style === 'caffe';
  return [
    { inChannels, outChannels: planes, kernelSize: 1, stride: caffe ? stride : 1 },
    { inChannels: planes, outChannels: planes, kernelSize: 3, stride: caffe ? 1 : stride },
    { inChannels: planes, outChannels: planes * 4, kernelSize: 1, stride: 1 },
  ];
}

function makeLayer(
  parameters: ParameterSet,
  { norm, frozen, normEvaluation }: ResidualBlockSpec,
  layer: LayerShape & { readonly conv: string; readonly norm: string; readonly normWeight: number },
): Layer {
  return {
    conv: new ConvModule(parameters, {
      name: layer.conv,
      inChannels: layer.inChannels,
      outChannels: layer.outChannels,
      kernelSize: layer.kernelSize,
      stride: layer.stride,
      bias: false,
      trainable: !frozen,
      weightInit: kaimingNormal,
    }),
    norm: new NormModule(parameters, {
      name: layer.norm,
      channels: layer.outChannels,
      norm,
      frozen,
      evaluation: normEvaluation,
      weight: layer.normWeight,
    }),
  };
}
