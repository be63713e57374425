import { scaledDistances } from '../../ops/scaled-distances/scaled-distances.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor3D, Tensor4D, Variable } from '../../tensor/tf.ts';
import { ConvModule, runTower } from '../conv-module.ts';
import { constant, normal, priorBias } from '../initialisers.ts';
import type { NormSpec } from '../norm-module.ts';
import type { ParameterSet } from '../parameter-set.ts';
import { atLevel } from './at-level.ts';

export interface FcosHeadOptions {
  readonly numClasses: number;
  readonly inChannels: number;
  readonly featChannels: number;
  readonly stackedConvs: number;
  /** Pixels between neighbouring points of each level. */
  readonly strides: readonly number[];
  /** Distances in strides, cut off at 0, instead of in pixels through exp. */
  readonly normOnBbox: boolean;
  /** Centerness from the box tower instead of the class tower. */
  readonly centernessOnReg: boolean;
  /** Whether the towers' convolutions have a bias. */
  readonly convBias: boolean;
  /** Norm of the towers. */
  readonly norm: NormSpec | null;
}

/** What the head gives for one pyramid level, flattened in MMDetection's (y, x) order. */
export interface FcosLevel {
  /** float32 [N, H·W, K], before the sigmoid */
  readonly clsScore: Tensor3D;
  /**
   * float32 [N, H·W, 4]: left, top, right, bottom, at least 0; in pixels, but with `normOnBbox` in strides while training
   */
  readonly bboxPred: Tensor3D;
  /** float32 [N, H·W, 1], before the sigmoid */
  readonly centerness: Tensor3D;
}

/**
 * FCOS's head (Tian et al., 2019, §3.1 and §3.3): two towers of 3×3 convolutions shared by all levels, for the class
 * logits and for the distances to the sides of the box, a centerness on one of them, and a learnable scale per level.
 * MMDetection's `FCOSHead`. The sigmoid's prior of 0.01 is in the last bias of the classes.
 */
export class FcosHead {
  readonly #options: FcosHeadOptions;
  readonly #clsConvs: readonly ConvModule[];
  readonly #regConvs: readonly ConvModule[];
  readonly #cls: ConvModule;
  readonly #reg: ConvModule;
  readonly #centerness: ConvModule;
  readonly #scales: readonly Variable[];

  constructor(parameters: ParameterSet, options: FcosHeadOptions) {
    const { numClasses, inChannels, featChannels, stackedConvs, convBias, norm } = options;
    this.#options = options;
    const tower = (kind: 'cls' | 'reg'): readonly ConvModule[] =>
      Array.from(
        { length: stackedConvs },
        (_, i) =>
          new ConvModule(parameters, {
            name: `bbox_head.${kind}_convs.${i}.conv`,
            inChannels: i === 0 ? inChannels : featChannels,
            outChannels: featChannels,
            kernelSize: 3,
            bias: convBias,
            ...(norm === null ? {} : { norm }),
            relu: true,
            weightInit: normal(0.01),
          }),
      );
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
    this.#cls = predictor('conv_cls', numClasses, true);
    this.#reg = predictor('conv_reg', 4, false);
    this.#centerness = predictor('conv_centerness', 1, false);
    this.#scales = options.strides.map((_, level) =>
      parameters.add(
        { name: `bbox_head.scales.${level}.scale`, shape: [], role: 'weight', trainable: true },
        constant(1),
      ),
    );
  }

  /**
   * @param features the pyramid's levels, finest first, one per stride
   * @param training whether the outputs are for the losses; predictions are in pixels
   */
  forward(features: readonly Tensor4D[], training: boolean): readonly FcosLevel[] {
    const { strides, normOnBbox, centernessOnReg, numClasses } = this.#options;
    const cls = runTower(this.#clsConvs, features, training);
    const reg = runTower(this.#regConvs, features, training);
    const scores = this.#cls.forwardMaps(cls);
    const boxes = this.#reg.forwardMaps(reg);
    const centerness = this.#centerness.forwardMaps(centernessOnReg ? reg : cls);
    return features.map(({ shape: [batch] }, level) => {
      const scale = this.#scales[level];
      if (scale === undefined) throw new Error(`FcosHead: no scale for level ${level}`);
      const inPixels = normOnBbox && !training;
      const distances = scaledDistances(atLevel(boxes, level), scale, {
        form: normOnBbox ? 'linear' : 'exp',
        unit: inPixels ? (strides[level] ?? 1) : 1,
      });
      return {
        clsScore: tf.reshape(atLevel(scores, level), [batch, -1, numClasses]),
        bboxPred: tf.reshape(distances, [batch, -1, 4]),
        centerness: tf.reshape(atLevel(centerness, level), [batch, -1, 1]),
      };
    });
  }
}
