import { errorDetails } from '../../base/errors.ts';
import type { Rng } from '../../base/rng.ts';
import type { Dataset, ImageDecoder, Problem } from '../dataset.ts';
import { labelFrame } from '../image-frame.ts';
import { readImageHeader } from './image-header.ts';
import { LruCache } from './lru-cache.ts';
import type { Pipeline, SamplePlan } from './pipeline.ts';
import { isResizingDecoder, resizeBySpec, type ResizedImage } from './resizing-decoder.ts';
import { labelsInInput, padShapeOf, type TrainSample } from './sample.ts';

interface LoadedImage {
  readonly image: ResizedImage;
  readonly boxOrientation: number;
}

export interface SampleLoaderOptions {
  readonly dataset: Dataset;
  readonly decoder: ImageDecoder;
  readonly pipeline: Pipeline;
  /** Upper bound of the resized images that are kept. */
  readonly cacheBytes: number;
  /** Each problem once per image. */
  readonly onProblem?: (problem: Problem) => void;
}

/**
 * Turns dataset indices into samples: reads, decodes, resizes (all kept in a bytes-capped cache), then places the
 * labels. An image that cannot be read is remembered and never tried again.
 */
export class SampleLoader {
  readonly #options: SampleLoaderOptions;
  readonly #cache: LruCache<string, LoadedImage>;
  readonly #pending = new Map<string, Promise<LoadedImage>>();
  readonly #unreadable = new Set<number>();
  readonly #told = new Set<string>();

  constructor(options: SampleLoaderOptions) {
    this.#options = options;
    this.#cache = new LruCache(options.cacheBytes);
  }

  /** Bytes of resized images held now. */
  get cachedBytes(): number {
    return this.#cache.bytes;
  }

  /** The sample of one image, or undefined when it cannot be read (a Problem was reported then, once). */
  async load(imageIndex: number, random: Rng): Promise<TrainSample | undefined> {
    if (this.#unreadable.has(imageIndex)) return undefined;
    const plan = this.#options.pipeline.plan(random);
    try {
      return this.#toSample(imageIndex, await this.#image(imageIndex, plan), plan.flip);
    } catch (error) {
      this.#unreadable.add(imageIndex);
      const { code, what, why } = errorDetails(error);
      this.#tell(imageIndex, {
        code,
        severity: 'error',
        file: this.#fileOf(imageIndex),
        detail: why === undefined ? what : `${what} ${why}`,
        repair: 'The image is left out.',
      });
      return undefined;
    }
  }

  dispose(): void {
    this.#cache.clear();
  }

  #fileOf(imageIndex: number): string {
    const image = this.#options.dataset.images[imageIndex];
    return image === undefined
      ? `image ${imageIndex}`
      : image.path === ''
        ? image.name
        : image.path;
  }

  #tell(imageIndex: number, problem: Problem): void {
    const key = `${imageIndex} ${problem.code}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#options.onProblem?.(problem);
  }

  #image(imageIndex: number, plan: SamplePlan): Promise<LoadedImage> {
    const key = `${imageIndex} ${plan.scale.join('x')} ${plan.keepRatio}`;
    const cached = this.#cache.get(key);
    if (cached !== undefined) return Promise.resolve(cached);
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    const loading = this.#read(imageIndex, plan).then((loaded) => {
      this.#cache.set(key, loaded, loaded.image.data.byteLength);
      return loaded;
    });
    this.#pending.set(key, loading);
    const forget = (): void => void this.#pending.delete(key);
    loading.then(forget, forget);
    return loading;
  }

  async #read(imageIndex: number, plan: SamplePlan): Promise<LoadedImage> {
    const { dataset, decoder } = this.#options;
    if (dataset.renderImage !== undefined)
      return {
        image: resizeBySpec(await dataset.renderImage(imageIndex), plan),
        boxOrientation: 1,
      };
    const bytes = await dataset.readImage(imageIndex);
    const boxOrientation = this.#boxOrientation(imageIndex, bytes);
    const name = this.#fileOf(imageIndex);
    const image = isResizingDecoder(decoder)
      ? await decoder.decodeResized(bytes, name, plan)
      : resizeBySpec(await decoder.decode(bytes, name), plan);
    if (image.damage !== undefined) {
      this.#tell(imageIndex, {
        code: 'image-damaged',
        severity: 'warning',
        file: name,
        detail: image.damage,
        repair: 'What could be decoded is used.',
      });
    }
    return { image, boxOrientation };
  }

  /** Images of large sets are not all looked into while opening, so the frame of the labels is settled here too. */
  #boxOrientation(imageIndex: number, bytes: Uint8Array): number {
    const header = readImageHeader(bytes);
    const entry = this.#options.dataset.images[imageIndex];
    if (header === undefined || entry === undefined) return 1;
    const frame = labelFrame(entry, header);
    if (frame === 'shown') return 1;
    const turned = frame === 'stored';
    this.#tell(imageIndex, {
      code: turned ? 'image-exif-turned' : 'image-size-mismatch',
      severity: turned ? 'info' : 'warning',
      file: this.#fileOf(imageIndex),
      detail: `The labels state ${entry.width} × ${entry.height}, the file stores ${header.width} × ${header.height} (EXIF orientation ${header.orientation}).`,
      repair: turned
        ? 'Its boxes were turned along with the image.'
        : 'The boxes are used as they are; check whether the image was resized after labelling.',
    });
    return turned ? header.orientation : 1;
  }

  #toSample(
    imageIndex: number,
    { image, boxOrientation }: LoadedImage,
    flip: boolean,
  ): TrainSample {
    const { width, height, oriWidth, oriHeight, scaleFactor } = image;
    const labels = labelsInInput(this.#options.dataset, imageIndex, {
      width,
      height,
      oriWidth,
      oriHeight,
      scaleFactor,
      flip,
      boxOrientation,
    });
    return {
      imageIndex,
      image: image.data,
      imgShape: [height, width],
      padShape: padShapeOf(height, width, this.#options.pipeline.padSizeDivisor),
      oriShape: [oriHeight, oriWidth],
      scaleFactor,
      flip,
      ...labels,
    };
  }
}
