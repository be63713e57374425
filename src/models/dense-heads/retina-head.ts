import { tf } from '../../tensor/tf.ts';
import type { Tensor3D, Tensor4D } from '../../tensor/tf.ts';
import { ConvModule, runTower } from '../conv-module.ts';
import { normal, priorBias } from '../initialisers.ts';
import type { ParameterSet } from '../parameter-set.ts';
import { atLevel } from './at-level.ts';

export interface RetinaHeadOptions {
  readonly numClasses: number;
  readonly inChannels: number;
  readonly featChannels: number;
  readonly stackedConvs: number;
  /** Anchors per cell: scales × ratios. */
  readonly numAnchors: number;
}

/** What the head gives for one pyramid level, flattened in MMDetection's (y, x, anchor) order. */
export interface RetinaLevel {
  /** float32 [N, H·W·A, K], before the sigmoid */
  readonly clsScore: Tensor3D;
  /** float32 [N, H·W·A, 4], dx dy dw dh */
  readonly bboxPred: Tensor3D;
  readonly height: number;
  readonly width: number;
}

/**
 * RetinaNet's head (Lin et al., 2017, Focal Loss §4): two towers of 3×3 convolutions shared by all levels, one for the
 * class logits and one for the box deltas. The sigmoid's prior of 0.01 is in the last bias.
 */
export class RetinaHead {
  readonly #clsConvs: readonly ConvModule[];
  readonly #regConvs: readonly ConvModule[];
  readonly #cls: ConvModule;
  readonly #reg: ConvModule;
  readonly #numClasses: number;

  constructor(parameters: ParameterSet, options: RetinaHeadOptions) {
    const { numClasses, inChannels, featChannels, stackedConvs, numAnchors } = options;
    this.#numClasses = numClasses;
    const tower = (kind: 'cls' | 'reg'): readonly ConvModule[] =>
      Array.from({ length: stackedConvs }, (_, i) => {
        const shape = {
          inChannels: i === 0 ? inChannels : featChannels,
          outChannels: featChannels,
        };
        const name = `bbox_head.${kind}_convs.${i}.conv`;
        return new ConvModule(parameters, {
          ...shape,
          name,
          kernelSize: 3,
          bias: true,
          relu: true,
          weightInit: normal(0.01),
        });
      });
    const predictor = (name: string, outChannels: number, prior: boolean): ConvModule =>
      new ConvModule(parameters, {
        name: `bbox_head.${name}`,
        inChannels: stackedConvs === 0 ? inChannels : featChannels,
        outChannels,
        kernelSize: 3,
        bias: true,
        weightInit: normal(0.01),
        ...(prior ? { biasInit: priorBias(0.01) } : {}),
      });
    this.#clsConvs = tower('cls');
    this.#regConvs = tower('reg');
    this.#cls = predictor('retina_cls', numAnchors * numClasses, true);
    this.#reg = predictor('retina_reg', numAnchors * 4, false);
  }

  forward(features: readonly Tensor4D[]): readonly RetinaLevel[] {
    const cls = this.#cls.forwardMaps(runTower(this.#clsConvs, features));
    const reg = this.#reg.forwardMaps(runTower(this.#regConvs, features));
    return features.map((x, level) => {
      const [batch, height, width] = x.shape;
      return {
        clsScore: tf.reshape(atLevel(cls, level), [batch, -1, this.#numClasses]),
        bboxPred: tf.reshape(atLevel(reg, level), [batch, -1, 4]),
        height,
        width,
      };
    });
  }
}
