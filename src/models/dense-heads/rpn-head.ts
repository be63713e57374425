import { tf } from '../../tensor/tf.ts';
import type { Tensor3D, Tensor4D } from '../../tensor/tf.ts';
import { ConvModule, runTower } from '../conv-module.ts';
import { normal } from '../initialisers.ts';
import type { ParameterSet } from '../parameter-set.ts';
import { atLevel } from './at-level.ts';

export interface RpnHeadOptions {
  readonly inChannels: number;
  readonly featChannels: number;
  /** 3×3 convolutions before the two predictors; 1 in the paper. */
  readonly numConvs: number;
  /** Anchors per cell: scales × ratios. */
  readonly numAnchors: number;
}

/** What the RPN gives for one pyramid level, flattened in MMDetection's (y, x, anchor) order. */
export interface RpnLevel {
  /** float32 [B, H·W·A, 1]: objectness before the sigmoid */
  readonly clsScore: Tensor3D;
  /** float32 [B, H·W·A, 4], dx dy dw dh */
  readonly bboxPred: Tensor3D;
}

/**
 * Region proposal network's head (Ren et al., 2015, §3.1), MMDetection's `RPNHead` with sigmoid objectness: one 3×3
 * convolution with ReLU shared by all levels, then 1×1 predictors. With several convolutions the keys are those of
 * MMDetection's Sequential, `rpn_conv.{i}.conv`.
 */
export class RpnHead {
  readonly #convs: readonly ConvModule[];
  readonly #cls: ConvModule;
  readonly #reg: ConvModule;

  constructor(parameters: ParameterSet, options: RpnHeadOptions) {
    const { inChannels, featChannels, numConvs, numAnchors } = options;
    this.#convs = Array.from({ length: numConvs }, (_, i) => {
      const name = numConvs === 1 ? 'rpn_head.rpn_conv' : `rpn_head.rpn_conv.${i}.conv`;
      return new ConvModule(parameters, {
        name,
        inChannels: i === 0 ? inChannels : featChannels,
        outChannels: featChannels,
        kernelSize: 3,
        bias: true,
        relu: true,
        weightInit: normal(0.01),
      });
    });
    const predictor = (name: string, outChannels: number): ConvModule =>
      new ConvModule(parameters, {
        name: `rpn_head.${name}`,
        inChannels: featChannels,
        outChannels,
        kernelSize: 1,
        bias: true,
        weightInit: normal(0.01),
      });
    this.#cls = predictor('rpn_cls', numAnchors);
    this.#reg = predictor('rpn_reg', numAnchors * 4);
  }

  forward(features: readonly Tensor4D[]): readonly RpnLevel[] {
    const shared = runTower(this.#convs, features);
    const cls = this.#cls.forwardMaps(shared);
    const reg = this.#reg.forwardMaps(shared);
    return shared.map(({ shape: [batch] }, level) => ({
      clsScore: tf.reshape(atLevel(cls, level), [batch, -1, 1]),
      bboxPred: tf.reshape(atLevel(reg, level), [batch, -1, 4]),
    }));
  }
}
