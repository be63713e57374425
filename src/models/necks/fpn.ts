import { UserError } from '../../base/errors.ts';
import { maxPool } from '../../ops/pool/max-pool.ts';
import { upsampleAdd } from '../../ops/upsample-add/upsample-add.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor4D } from '../../tensor/tf.ts';
import { ConvModule } from '../conv-module.ts';
import { xavierUniform } from '../initialisers.ts';
import type { NormSpec } from '../norm-module.ts';
import type { ParameterSet } from '../parameter-set.ts';

export interface FpnOptions {
  /** Channels of the backbone's outputs, in order. */
  readonly inChannels: readonly number[];
  readonly outChannels: number;
  /** First backbone output that is used. */
  readonly startLevel: number;
  /** Last backbone output that is used; −1, which it is unless said, is the last there is. Before it: no extra levels. */
  readonly endLevel?: number;
  readonly numOuts: number;
  /** Where extra levels come from; false = max pooling of the last output. */
  readonly addExtraConvs: false | 'on_input' | 'on_lateral' | 'on_output';
  /** ReLU before the second and later extra convolution (torchvision does, MMDetection does not). */
  readonly reluBeforeExtraConvs: boolean;
  /** norm_cfg of every convolution, which then has no bias; absent = none. */
  readonly norm?: NormSpec;
  /** The lateral convolutions go without `norm`. */
  readonly noNormOnLateral?: boolean;
  /** act_cfg: ReLU after every convolution and its norm. */
  readonly relu?: boolean;
}

/**
 * Feature pyramid network (Lin et al., 2017, https://arxiv.org/abs/1612.03144) with MMDetection's extra levels. The top-down
 * path copies the nearest cell. Tensors are made in the order of MMDetection's state_dict.
 */
export class Fpn {
  readonly #laterals: readonly ConvModule[];
  readonly #outputs: readonly ConvModule[];
  readonly #extras: readonly ConvModule[];
  readonly #options: FpnOptions;

  /** @throws UserError `fpn-levels` when num_outs and the levels that are read do not go together */
  constructor(parameters: ParameterSet, options: FpnOptions) {
    const { inChannels, outChannels, startLevel, numOuts, addExtraConvs } = options;
    const used = inChannels.slice(startLevel, endOf(options));
    checkLevels(options, used.length);
    this.#options = options;
    const conv = (name: string, shape: ConvShape, norm: NormSpec | undefined): ConvModule =>
      new ConvModule(parameters, {
        name,
        outChannels,
        ...shape,
        relu: options.relu ?? false,
        weightInit: xavierUniform,
        ...(norm === undefined ? {} : { norm }),
      });
    const lateralNorm = options.noNormOnLateral === true ? undefined : options.norm;
    this.#laterals = used.map((channels, i) =>
      conv(`neck.lateral_convs.${i}.conv`, { inChannels: channels, kernelSize: 1 }, lateralNorm),
    );
    const fpnConv = (i: number, input: number, stride: number): ConvModule =>
      conv(`neck.fpn_convs.${i}.conv`, { inChannels: input, kernelSize: 3, stride }, options.norm);
    this.#outputs = used.map((_, i) => fpnConv(i, outChannels, 1));
    const extraLevels = addExtraConvs === false ? 0 : numOuts - used.length;
    this.#extras = Array.from({ length: extraLevels }, (_, i) =>
      fpnConv(
        used.length + i,
        i === 0 && addExtraConvs === 'on_input' ? (used.at(-1) ?? 0) : outChannels,
        2,
      ),
    );
  }

  /**
   * Backbone outputs → `numOuts` maps of `outChannels`, finest first.
   *
   * @param training whether the model is in training mode; only batch norms ask for it
   */
  forward(features: readonly Tensor4D[], training?: boolean): readonly Tensor4D[] {
    const { startLevel, numOuts, addExtraConvs, reluBeforeExtraConvs } = this.#options;
    const inputs = features.slice(startLevel, endOf(this.#options));
    const laterals = this.#laterals.map((conv, i) => conv.forward(at(inputs, i), training));
    for (let i = laterals.length - 2; i >= 0; i--) {
      laterals[i] = upsampleAdd(at(laterals, i), at(laterals, i + 1));
    }
    const outs = this.#outputs.map((conv, i) => conv.forward(at(laterals, i), training));
    if (addExtraConvs === false) {
      while (outs.length < numOuts) {
        outs.push(maxPool(last(outs), { kernelSize: 1, stride: 2, padding: 0 }));
      }
      return outs;
    }
    const sources = { on_input: last(inputs), on_lateral: last(laterals), on_output: last(outs) };
    for (const [i, conv] of this.#extras.entries()) {
      const source = i === 0 ? sources[addExtraConvs] : last(outs);
      outs.push(conv.forward(i > 0 && reluBeforeExtraConvs ? tf.relu(source) : source, training));
    }
    return outs;
  }
}

interface ConvShape {
  readonly inChannels: number;
  readonly kernelSize: number;
  readonly stride?: number;
}

/** One beyond the last backbone output that is used. */
function endOf({ inChannels, endLevel = -1 }: FpnOptions): number {
  return endLevel === -1 ? inChannels.length : endLevel + 1;
}

/** MMDetection's assertions: enough outputs for the inputs, and extra levels only above the last backbone output. */
function checkLevels(options: FpnOptions, used: number): void {
  const { inChannels, startLevel, endLevel = -1, numOuts } = options;
  const end = endOf(options);
  const partial = end < inChannels.length;
  if (used > 0 && end <= inChannels.length && (partial ? numOuts === used : numOuts >= used))
    return;
  throw new UserError({
    code: 'fpn-levels',
    what: `num_outs is ${numOuts}, but the FPN reads ${used} levels from start_level ${startLevel} to end_level ${endLevel}.`,
    ...(partial
      ? { why: 'An end_level below the last backbone output leaves no room for extra levels.' }
      : {}),
    action: partial
      ? 'Make num_outs the number of levels that are read, or set end_level to −1.'
      : 'Raise num_outs or start_level.',
    place: { key: 'model.neck.num_outs' },
  });
}

function at(tensors: readonly Tensor4D[], index: number): Tensor4D {
  const tensor = tensors[index];
  if (tensor === undefined) throw new Error(`FPN: no feature map ${index}`);
  return tensor;
}

function last(tensors: readonly Tensor4D[]): Tensor4D {
  return at(tensors, tensors.length - 1);
}
