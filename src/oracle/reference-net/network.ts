import type { PyramidOptions } from '../../models/detectors/pyramid-extractor.ts';
import { conv } from './conv.ts';
import { add, evaluationNorm, maxPool, relu, upsampleAdd } from './layers.ts';
import type { Parameters } from './parameters.ts';
import type { Tape, Value } from './tape.ts';

const NORM_EPS = 1e-5;

/** ResNet (He et al., 2016) and FPN (Lin et al., 2017) in plain loops, norms by their running statistics. */
export class PyramidNetwork {
  readonly #options: PyramidOptions;
  readonly #parameters: Parameters;

  constructor(options: PyramidOptions, parameters: Parameters) {
    this.#options = options;
    this.#parameters = parameters;
  }

  /** C2 … C5 of images [N, H, W, 3]. */
  backbone(tape: Tape, images: Value): readonly Value[] {
    const stem = relu(tape, this.#convNorm(tape, images, 'conv1', 'bn1', 2, 3));
    let x = maxPool(tape, stem, { kernelSize: 3, stride: 2, padding: 1 });
    const { stages } = this.#options.backbone;
    if (stages === undefined) throw new Error('PyramidNetwork: stages');
    return stages.blocks.map((count, stage) => {
      for (let index = 0; index < count; index++) {
        const stride = index === 0 && stage > 0 ? 2 : 1;
        x = this.#block(tape, x, `layer${stage + 1}.${index}`, stride, stages.block);
      }
      return x;
    });
  }

  #block(tape: Tape, x: Value, name: string, stride: number, kind: 'basic' | 'bottleneck'): Value {
    const at = (part: string) => `${name}.${part}`;
    const shortcut = this.#parameters.has(`backbone.${at('downsample.0')}.weight`)
      ? this.#convNorm(tape, x, at('downsample.0'), at('downsample.1'), stride, 0)
      : x;
    const first =
      kind === 'basic'
        ? this.#convNorm(tape, x, at('conv1'), at('bn1'), stride, 1)
        : this.#convNorm(tape, x, at('conv1'), at('bn1'), 1, 0);
    const second =
      kind === 'basic'
        ? this.#convNorm(tape, relu(tape, first), at('conv2'), at('bn2'), 1, 1)
        : this.#convNorm(tape, relu(tape, first), at('conv2'), at('bn2'), stride, 1);
    const last =
      kind === 'basic'
        ? second
        : this.#convNorm(tape, relu(tape, second), at('conv3'), at('bn3'), 1, 0);
    return relu(tape, add(tape, last, shortcut));
  }

  #convNorm(
    tape: Tape,
    x: Value,
    convName: string,
    normName: string,
    stride: number,
    padding: number,
  ): Value {
    const w = this.#parameters.get(`backbone.${convName}.weight`);
    const y = conv(tape, x, w, null, { stride, padding });
    const { eps = NORM_EPS } = this.#options.backbone.norm;
    return evaluationNorm(tape, y, this.#parameters.norm(`backbone.${normName}`), eps);
  }

  /** The pyramid's levels, finest first. */
  neck(tape: Tape, features: readonly Value[]): readonly Value[] {
    const { startLevel, numOuts, addExtraConvs, reluBeforeExtraConvs } = this.#options.neck;
    const inputs = features.slice(startLevel);
    const laterals = inputs.map((x, i) => this.conv(tape, x, `neck.lateral_convs.${i}.conv`, 0));
    for (let i = laterals.length - 2; i >= 0; i--) {
      const [lateral, above] = [laterals[i], laterals[i + 1]];
      if (lateral !== undefined && above !== undefined) {
        laterals[i] = upsampleAdd(tape, lateral, above);
      }
    }
    const outs = laterals.map((x, i) => this.conv(tape, x, `neck.fpn_convs.${i}.conv`, 1));
    const sources = { on_input: inputs, on_lateral: laterals, on_output: outs };
    let next = (addExtraConvs === false ? outs : sources[addExtraConvs]).at(-1);
    for (let level = outs.length; level < numOuts; level++) {
      if (next === undefined) throw new Error('PyramidNetwork: a neck without levels');
      if (addExtraConvs === false) {
        next = maxPool(tape, next, { kernelSize: 1, stride: 2, padding: 0 });
      } else {
        const again = level > laterals.length && reluBeforeExtraConvs;
        const source = again ? relu(tape, next) : next;
        next = this.conv(tape, source, `neck.fpn_convs.${level}.conv`, 1, 2);
      }
      outs.push(next);
    }
    return outs;
  }

  /** A convolution with a bias. */
  conv(tape: Tape, x: Value, name: string, padding: number, stride = 1): Value {
    const [w, bias] = [
      this.#parameters.get(`${name}.weight`),
      this.#parameters.get(`${name}.bias`),
    ];
    return conv(tape, x, w, bias, { stride, padding });
  }
}

/** One level of a dense head: [B, H, W, A · K] and [B, H, W, A · 4], whose rows are MMDetection's (y, x, anchor). */
export interface HeadLevel {
  readonly cls: Value;
  readonly reg: Value;
}

/** RetinaNet's towers on every level. */
export function retinaHead(
  tape: Tape,
  network: PyramidNetwork,
  pyramid: readonly Value[],
  stackedConvs: number,
): readonly HeadLevel[] {
  const tower = (x: Value, kind: 'cls' | 'reg') => {
    let features = x;
    for (let i = 0; i < stackedConvs; i++) {
      const name = `bbox_head.${kind}_convs.${i}.conv`;
      features = relu(tape, network.conv(tape, features, name, 1));
    }
    return network.conv(tape, features, `bbox_head.retina_${kind}`, 1);
  };
  return pyramid.map((x) => ({ cls: tower(x, 'cls'), reg: tower(x, 'reg') }));
}

/** The RPN's head on every level. */
export function rpnHead(
  tape: Tape,
  network: PyramidNetwork,
  pyramid: readonly Value[],
): readonly HeadLevel[] {
  return pyramid.map((x) => {
    const shared = relu(tape, network.conv(tape, x, 'rpn_head.rpn_conv', 1));
    return {
      cls: network.conv(tape, shared, 'rpn_head.rpn_cls', 0),
      reg: network.conv(tape, shared, 'rpn_head.rpn_reg', 0),
    };
  });
}
