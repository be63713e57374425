import { normaliseImages } from '../../ops/image/normalise-image.ts';
import type { ImageNormalisation } from '../../ops/image/normalise-image.ts';
import type { HeightWidth } from '../../ops/anchor-valid-flags/anchor-levels.ts';
import type { Tensor4D } from '../../tensor/tf.ts';
import { ResNet, resnetOutChannels, stagePlan } from '../backbones/resnet.ts';
import type { FrozenFeatures, ResNetOptions } from '../backbones/resnet.ts';
import { Fpn } from '../necks/fpn.ts';
import type { FpnOptions } from '../necks/fpn.ts';
import type { ParameterSet } from '../parameter-set.ts';
import type { ImageBatch } from './detector.ts';

/** Preprocessor, backbone and neck of a detector. */
export interface PyramidOptions {
  readonly preprocess: ImageNormalisation;
  readonly backbone: ResNetOptions;
  readonly neck: Omit<FpnOptions, 'inChannels'>;
}

/** From bytes to pyramid levels: normalisation, ResNet and FPN, which all detectors here share. */
export class PyramidExtractor {
  readonly #options: PyramidOptions;
  readonly #backbone: ResNet;
  readonly #neck: Fpn;

  constructor(parameters: ParameterSet, options: PyramidOptions) {
    this.#options = options;
    const { backbone, neck } = options;
    this.#backbone = new ResNet(parameters, backbone);
    this.#neck = new Fpn(parameters, {
      ...neck,
      inChannels: resnetOutChannels(stagePlan(backbone), backbone.baseChannels),
    });
  }

  /** Bytes → normalised images → frozen features: everything that no gradient reaches. */
  prepare({ bytes, imgShapes, inputSize }: ImageBatch): FrozenFeatures {
    return this.prepareImages(
      normaliseImages(bytes, imgShapes, inputSize, this.#options.preprocess),
    );
  }

  /** As {@link prepare}, from normalised images float32 [B, H, W, 3]. */
  prepareImages(images: Tensor4D): FrozenFeatures {
    return this.#backbone.forwardFrozen(images);
  }

  /** C2 … C5. */
  backboneFeatures(frozen: FrozenFeatures, training: boolean): readonly Tensor4D[] {
    return this.#backbone.forward(frozen, training);
  }

  /** The pyramid's levels, finest first. */
  neckFeatures(features: readonly Tensor4D[], training: boolean): readonly Tensor4D[] {
    return this.#neck.forward(features, training);
  }

  forward(frozen: FrozenFeatures, training: boolean): readonly Tensor4D[] {
    return this.neckFeatures(this.backboneFeatures(frozen, training), training);
  }

  /** Sizes of the pyramid's maps for an input, without running it. */
  levelSizes(height: number, width: number): readonly HeightWidth[] {
    const { startLevel, numOuts } = this.#options.neck;
    const half = (side: number): number => Math.ceil(side / 2);
    let size = { height, width };
    // Stem, pool and stages up to the first used one.
    for (let i = 0; i < 2 + startLevel; i++)
      size = { height: half(size.height), width: half(size.width) };
    return Array.from({ length: numOuts }, () => {
      const own = size;
      size = { height: half(size.height), width: half(size.width) };
      return own;
    });
  }
}
