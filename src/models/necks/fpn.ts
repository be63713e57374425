import { UserError } from '../../base/errors.ts';
import { maxPool } from '../../ops/pool/max-pool.ts';
import { upsampleAdd } from '../../ops/upsample-add/upsample-add.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor4D } from '../../tensor/tf.ts';
import { ConvModule } from '../conv-module.ts';
import { xavierUniform } from '../initialisers.ts';
import type { ParameterSet } from '../parameter-set.ts';

export interface FpnOptions {
  /** Channels of the backbone's outputs, in order. */
  readonly inChannels: readonly number[];
  readonly outChannels: number;
  /** First backbone output that is used. */
  readonly startLevel: number;
  readonly numOuts: number;
  /** Where extra levels come from; false = max pooling of the last output. */
  readonly addExtraConvs: false | 'on_input' | 'on_lateral' | 'on_output';
  /** ReLU before the second and later extra convolution (torchvision does, MMDetection does not). */
  readonly reluBeforeExtraConvs: boolean;
}

/** Feature pyramid network (Lin et al., 2017) with MMDetection's extra levels. */
export class Fpn {
  readonly #laterals: readonly ConvModule[];
  readonly #outputs: readonly ConvModule[];
  readonly #extras: readonly ConvModule[];
  readonly #options: FpnOptions;

  constructor(parameters: ParameterSet, options: FpnOptions) {
    const { inChannels, outChannels, startLevel, numOuts, addExtraConvs } = options;
    const used = inChannels.slice(startLevel);
    const extraLevels = numOuts - used.length;
    if (used.length === 0 || extraLevels < 0) {
      throw new UserError({
        code: 'fpn-levels',
        what: `num_outs is ${numOuts}, but the FPN reads ${used.length} levels from start_level ${startLevel}.`,
        action: 'Raise num_outs or start_level.',
        place: { key: 'model.neck.num_outs' },
      });
    }
    this.#options = options;
    const conv = (name: string, input: number, kernelSize: number, stride = 1): ConvModule =>
      new ConvModule(parameters, {
        name,
        inChannels: input,
        outChannels,
        kernelSize,
        stride,
        bias: true,
        weightInit: xavierUniform,
      });
    this.#laterals = used.map((channels, i) => conv(`neck.lateral_convs.${i}.conv`, channels, 1));
    this.#outputs = used.map((_, i) => conv(`neck.fpn_convs.${i}.conv`, outChannels, 3));
    this.#extras = Array.from({ length: addExtraConvs === false ? 0 : extraLevels }, (_, i) =>
      conv(
        `neck.fpn_convs.${used.length + i}.conv`,
        i === 0 && addExtraConvs === 'on_input' ? (used.at(-1) ?? 0) : outChannels,
        3,
        2,
      ),
    );
  }

  /** Backbone outputs → `numOuts` maps of `outChannels`, finest first. */
  forward(features: readonly Tensor4D[]): readonly Tensor4D[] {
    const { startLevel, numOuts, addExtraConvs, reluBeforeExtraConvs } = this.#options;
    const inputs = features.slice(startLevel);
    const laterals = this.#laterals.map((conv, i) => conv.forward(at(inputs, i)));
    for (let i = laterals.length - 2; i >= 0; i--) {
      laterals[i] = upsampleAdd(at(laterals, i), at(laterals, i + 1));
    }
    const outs = this.#outputs.map((conv, i) => conv.forward(at(laterals, i)));
    if (addExtraConvs === false) {
      while (outs.length < numOuts) {
        outs.push(maxPool(last(outs), { kernelSize: 1, stride: 2, padding: 0 }));
      }
      return outs;
    }
    const sources = { on_input: last(inputs), on_lateral: last(laterals), on_output: last(outs) };
    for (const [i, conv] of this.#extras.entries()) {
      const source = i === 0 ? sources[addExtraConvs] : last(outs);
      outs.push(conv.forward(i > 0 && reluBeforeExtraConvs ? tf.relu(source) : source));
    }
    return outs;
  }
}

function at(tensors: readonly Tensor4D[], index: number): Tensor4D {
  const tensor = tensors[index];
  if (tensor === undefined) throw new Error(`FPN: no feature map ${index}`);
  return tensor;
}

function last(tensors: readonly Tensor4D[]): Tensor4D {
  return at(tensors, tensors.length - 1);
}
