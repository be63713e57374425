import { maxPool } from '../../ops/pool/max-pool.ts';
import type { Tensor4D } from '../../tensor/tf.ts';
import { ConvModule } from '../conv-module.ts';
import { kaimingNormal } from '../initialisers.ts';
import { NormModule, normKey } from '../norm-module.ts';
import type { NormSpec } from '../norm-module.ts';
import type { ParameterSet } from '../parameter-set.ts';

export interface ResNetStemSpec {
  /** Channels of the result. */
  readonly channels: number;
  /** Three 3×3 convolutions, the first two of half the channels (ResNet-C and -D), instead of one 7×7. */
  readonly deep: boolean;
  readonly norm: NormSpec;
  readonly frozen: boolean;
  readonly normEvaluation: boolean;
}

interface StemLayer {
  readonly conv: string;
  readonly norm: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride: number;
}

/** What comes before the stages of a ResNet: one convolution or three with norm and ReLU, then max pooling; stride 4. */
export class ResNetStem {
  readonly #layers: readonly { readonly conv: ConvModule; readonly norm: NormModule }[];

  constructor(parameters: ParameterSet, spec: ResNetStemSpec) {
    const { norm, frozen, normEvaluation } = spec;
    this.#layers = stemLayers(spec).map((layer) => ({
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
      }),
    }));
  }

  /** float32 [N, H, W, 3] → [N, ceil(H/4), ceil(W/4), channels]. */
  forward(x: Tensor4D, training: boolean): Tensor4D {
    let features = x;
    for (const { conv, norm } of this.#layers)
      features = norm.forward(conv.forward(features), { training, relu: true });
    return maxPool(features, { kernelSize: 3, stride: 2, padding: 1 });
  }
}

function stemLayers({ channels, deep, norm }: ResNetStemSpec): readonly StemLayer[] {
  if (!deep) {
    return [
      {
        conv: 'backbone.conv1',
        norm: `backbone.${normKey(norm)}1`,
        inChannels: 3,
        outChannels: channels,
        kernelSize: 7,
        stride: 2,
      },
    ];
  }
  const half = Math.floor(channels / 2);
  const sides = [3, half, half, channels];
  // A Sequential in MMDetection: convolution, norm and ReLU take a number each.
  return [0, 1, 2].map((index) => ({
    conv: `backbone.stem.${index * 3}`,
    norm: `backbone.stem.${index * 3 + 1}`,
    inChannels: sides[index] ?? 0,
    outChannels: sides[index + 1] ?? 0,
    kernelSize: 3,
    stride: index === 0 ? 2 : 1,
  }));
}
