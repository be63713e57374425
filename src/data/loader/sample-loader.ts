import { errorDetails } from '../../base/errors.ts';
import type { Dataset, ImageDecoder, Problem, RgbImage } from '../dataset.ts';
import { labelFrame } from '../image-frame.ts';
import type { ResizeSpec } from '../pixels/target-size.ts';
import type { MixRule, PipelineSample } from '../transforms/pipeline-sample.ts';
import { withResized } from '../transforms/resize.ts';
import { readImageHeader } from './image-header.ts';
import { LruCache } from './lru-cache.ts';
import type { Pipeline, Stage } from './pipeline.ts';
import {
  isWorkingDecoder,
  resizeBySpec,
  unresized,
  type ResizedImage,
} from './resizing-decoder.ts';
import { packSample, shownLabels, type TrainSample } from './sample.ts';
import { runTransformJob, stepRandom } from './transform-job.ts';
import type { DrawKey, TransformJob } from './transform-job.ts';

interface LoadedImage {
  readonly image: ResizedImage;
  readonly boxOrientation: number;
}

export interface SampleLoaderOptions {
  readonly dataset: Dataset;
  /** Dataset indices from which images to mix in are drawn. */
  readonly indices: ArrayLike<number>;
  readonly decoder: ImageDecoder;
  readonly pipeline: Pipeline;
  /** Upper bound of the resized images that are kept. */
  readonly cacheBytes: number;
  /** Each problem once per image. */
  readonly onProblem?: (problem: Problem) => void;
}

/** A sample; or why there is none: the image cannot be read, or a step of the pipeline dropped it. */
export type SampleOrReason<T> = T | 'unreadable' | 'dropped';

/** Draws for one image to mix in, when images cannot be read or are dropped. */
const MIX_DRAWS = 100;

/**
 * Turns dataset indices into samples: reads, decodes, resizes where that is the first step (kept in a bytes-capped cache),
 * places the labels and runs the other steps of the pipeline, on a worker of the decoder where they are heavy. An image
 * that cannot be read is remembered and never tried again.
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

  /** The sample of one image; its random steps draw from `draw` alone. Of an unreadable image a Problem is told, once. */
  async load(imageIndex: number, draw: DrawKey): Promise<SampleOrReason<TrainSample>> {
    const { mixing, padSizeDivisor } = this.#options.pipeline;
    const single = await this.#single(imageIndex, draw, mixing === undefined);
    if (typeof single === 'string') return single;
    const sample = mixing === undefined ? single : await this.#mix(single, draw, mixing);
    return sample === undefined ? 'dropped' : packSample(imageIndex, sample, padSizeDivisor);
  }

  dispose(): void {
    this.#cache.clear();
  }

  /** One image after the steps that concern it alone. */
  async #single(
    imageIndex: number,
    draw: DrawKey,
    last: boolean,
  ): Promise<SampleOrReason<PipelineSample>> {
    if (this.#unreadable.has(imageIndex)) return 'unreadable';
    const { lead, single } = this.#options.pipeline;
    const loaded = await this.#readable(imageIndex, lead?.spec(stepRandom(draw, 0)));
    if (loaded === undefined) return 'unreadable';
    const sample = this.#start(imageIndex, loaded, lead?.clip);
    const job = { sample, firstStep: 1, mixed: [], draw, tries: 1, last };
    return (await this.#run(single, job)) ?? 'dropped';
  }

  /** The decoded image; undefined, and a Problem told, when it cannot be read. */
  async #readable(
    imageIndex: number,
    spec: ResizeSpec | undefined,
  ): Promise<LoadedImage | undefined> {
    try {
      return await this.#image(imageIndex, spec);
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

  /** The steps of a MultiImageMixDataset, with the images that they mix in. */
  async #mix(
    sample: PipelineSample,
    draw: DrawKey,
    stage: Stage & { readonly maxRefetch: number },
  ): Promise<PipelineSample | undefined> {
    const firstStep = 1 + this.#options.pipeline.single.steps.length;
    const mixed = await Promise.all(
      stage.transforms.map(({ mixes }, i) => this.#others(mixes, draw, firstStep + i)),
    );
    const tries = stage.maxRefetch;
    return this.#run(stage, { sample, firstStep, mixed, draw, tries, last: true });
  }

  /** The images that one step mixes in; fewer where too many cannot be read or are dropped. */
  async #others(rule: MixRule | undefined, draw: DrawKey, step: number): Promise<PipelineSample[]> {
    if (rule === undefined) return [];
    const { indices } = this.#options;
    const others: PipelineSample[] = [];
    for (let n = 0; n < rule.count; n++) {
      let found: PipelineSample | undefined;
      for (let i = 0, readable = 0; i < MIX_DRAWS && readable < rule.tries; i++) {
        const own: DrawKey = { seed: draw.seed, counters: [...draw.counters, step, n, i] };
        const index = indices[stepRandom(own, 0).int(0, indices.length)] ?? 0;
        const other = await this.#single(
          index,
          { ...own, counters: [...own.counters, index] },
          false,
        );
        if (typeof other === 'string') continue;
        readable += 1;
        found = other;
        if (other.labels.length > 0) break;
      }
      if (found !== undefined) others.push(found);
    }
    return others;
  }

  /** Runs steps here when they are quick, else on a worker of the decoder. */
  async #run(
    { steps, heavy }: Stage,
    job: Omit<TransformJob, 'steps'>,
  ): Promise<PipelineSample | undefined> {
    const { decoder } = this.#options;
    const whole: TransformJob = { ...job, steps };
    return heavy && isWorkingDecoder(decoder) ? decoder.transform(whole) : runTransformJob(whole);
  }

  /** A decoded image with its labels; resized along with it where the pipeline begins with that. */
  #start(imageIndex: number, loaded: LoadedImage, clip: boolean | undefined): PipelineSample {
    const { width, height, data, oriWidth, oriHeight, scaleFactor } = loaded.image;
    const shown: [number, number] = [oriWidth, oriHeight];
    const sample: PipelineSample = {
      ...shownLabels(this.#options.dataset, imageIndex, loaded.boxOrientation, shown),
      image: { width, height, data },
      oriShape: [oriHeight, oriWidth],
      scaleFactor: [1, 1],
      flipDirection: null,
    };
    return clip === undefined ? sample : withResized(sample, sample.image, scaleFactor, clip);
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

  #image(imageIndex: number, spec: ResizeSpec | undefined): Promise<LoadedImage> {
    const key = `${imageIndex} ${JSON.stringify(spec)}`;
    const cached = this.#cache.get(key);
    if (cached !== undefined) return Promise.resolve(cached);
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    const loading = this.#read(imageIndex, spec).then((loaded) => {
      this.#cache.set(key, loaded, loaded.image.data.byteLength);
      return loaded;
    });
    this.#pending.set(key, loading);
    const forget = (): void => void this.#pending.delete(key);
    loading.then(forget, forget);
    return loading;
  }

  async #read(imageIndex: number, spec: ResizeSpec | undefined): Promise<LoadedImage> {
    const { dataset, decoder } = this.#options;
    const resized = (decoded: RgbImage): ResizedImage =>
      spec === undefined ? unresized(decoded) : resizeBySpec(decoded, spec);
    if (dataset.renderImage !== undefined)
      return { image: resized(await dataset.renderImage(imageIndex)), boxOrientation: 1 };
    const bytes = await dataset.readImage(imageIndex);
    const boxOrientation = this.#boxOrientation(imageIndex, bytes);
    const name = this.#fileOf(imageIndex);
    const image =
      spec !== undefined && isWorkingDecoder(decoder)
        ? await decoder.decodeResized(bytes, name, spec)
        : resized(await decoder.decode(bytes, name));
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
}
