import type { Tensor4D } from '../../tensor/tf.ts';
import { ConvModule } from '../conv-module.ts';
import { kaimingNormal } from '../initialisers.ts';
import { NormModule } from '../norm-module.ts';
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
  readonly trainable: boolean;
  readonly normTrainable: boolean;
  readonly normEvaluation: boolean;
  readonly zeroInitResidual: boolean;
}

interface Layer {
  readonly conv: ConvModule;
  readonly norm: NormModule;
}

/**
 * A residual block (He et al., 2016, fig. 5): convolutions with batch norm, the shortcut added before the last ReLU.
 * Tensors are made in the order of MMDetection's state_dict.
 */
export class ResidualBlock {
  readonly outChannels: number;
  readonly #layers: readonly Layer[];
  readonly #downsample: Layer | undefined;

  constructor(parameters: ParameterSet, spec: ResidualBlockSpec) {
    const { name, kind, inChannels, planes, stride } = spec;
    const plan = layerPlan(spec);
    this.outChannels = planes * (kind === 'bottleneck' ? 4 : 1);
    this.#layers = plan.map((layer, index) => {
      const last = index === plan.length - 1;
      return makeLayer(parameters, spec, {
        ...layer,
        conv: `${name}.conv${index + 1}`,
        norm: `${name}.bn${index + 1}`,
        normWeight: last && spec.zeroInitResidual ? 0 : 1,
      });
    });
    if (stride !== 1 || inChannels !== this.outChannels) {
      this.#downsample = makeLayer(parameters, spec, {
        conv: `${name}.downsample.0`,
        norm: `${name}.downsample.1`,
        inChannels,
        outChannels: this.outChannels,
        kernelSize: 1,
        stride,
        normWeight: 1,
      });
    }
  }

  /** float32 [N, H, W, inChannels] → [N, ceil(H/stride), ceil(W/stride), outChannels]. */
  forward(x: Tensor4D, training: boolean): Tensor4D {
    const shortcut =
      this.#downsample === undefined
        ? x
        : this.#downsample.norm.forward(this.#downsample.conv.forward(x), training, false);
    let features = x;
    for (const [index, { conv, norm }] of this.#layers.entries()) {
      const last = index === this.#layers.length - 1;
      features = norm.forward(conv.forward(features), training, true, last ? shortcut : undefined);
    }
    return features;
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
  { trainable, normTrainable, normEvaluation }: ResidualBlockSpec,
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
      trainable,
      weightInit: kaimingNormal,
    }),
    norm: new NormModule(parameters, {
      name: layer.norm,
      channels: layer.outChannels,
      trainable: normTrainable,
      weight: layer.normWeight,
      evaluation: normEvaluation,
    }),
  };
}
