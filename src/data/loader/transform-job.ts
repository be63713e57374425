import { rng } from '../../base/rng.ts';
import type { Rng } from '../../base/rng.ts';
import type { TransformStep } from '../../config/schema/pipeline.ts';
import { toByte } from '../pixels/pixel-image.ts';
import type { PixelImage } from '../pixels/pixel-image.ts';
import { buildTransform } from '../transforms/list.ts';
import type { PipelineSample } from '../transforms/pipeline-sample.ts';

/** What a sample draws from: `rng(seed, ...counters, …)`. */
export interface DrawKey {
  readonly seed: number;
  readonly counters: readonly number[];
}

/** Steps to run on one sample, wherever there is time. Plain data. */
export interface TransformJob {
  readonly sample: PipelineSample;
  readonly steps: readonly TransformStep[];
  /** Position of the first of `steps` in the whole pipeline: each step draws from a stream of its own. */
  readonly firstStep: number;
  /** For each step the samples that it mixes in. */
  readonly mixed: readonly (readonly PipelineSample[])[];
  readonly draw: DrawKey;
  /** How often a step that drops the sample is tried, with other numbers. */
  readonly tries: number;
  /** Whether the sample is done after this, so that its pixels are rounded to 8 bits. */
  readonly last: boolean;
}

/** The numbers of one step, and of one try of it. */
export function stepRandom({ seed, counters }: DrawKey, step: number, attempt = 0): Rng {
  return rng(seed, ...counters, step, attempt);
}

/** Runs the steps; undefined when one of them drops the sample. */
export function runTransformJob(job: TransformJob): PipelineSample | undefined {
  let sample: PipelineSample | undefined = job.sample;
  for (const [i, step] of job.steps.entries()) {
    const transform = buildTransform(step);
    const before: PipelineSample = sample;
    sample = undefined;
    for (let attempt = 0; sample === undefined && attempt < job.tries; attempt++) {
      const random = stepRandom(job.draw, job.firstStep + i, attempt);
      sample = transform.apply(before, random, job.mixed[i] ?? []);
    }
    if (sample === undefined) return undefined;
  }
  return job.last ? { ...sample, image: roundPixels(sample.image) } : sample;
}

/** 8-bit pixels: rounded to whole numbers, halves to even, and limited to 0 … 255. */
function roundPixels(image: PixelImage): PixelImage {
  if (image.data instanceof Uint8Array) return image;
  return { ...image, data: Uint8Array.from(image.data, toByte) };
}
