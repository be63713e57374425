import type { MixOptions, PipelineOptions } from '../../config/resolved-data.ts';
import type { TransformStep } from '../../config/schema/pipeline.ts';
import { buildTransform } from '../transforms/list.ts';
import type { MixRule, Transform } from '../transforms/pipeline-sample.ts';

/** Steps of a config and what they do, in the same order. */
export interface Stage {
  readonly steps: readonly TransformStep[];
  readonly transforms: readonly Transform[];
  /** Worth a thread of its own. */
  readonly heavy: boolean;
}

/** The steps between a decoded image and its place in a batch. */
export interface Pipeline {
  /** DetDataPreprocessor.pad_size_divisor */
  readonly padSizeDivisor: number;
  /** The first step, where that is a resize: images are then resized where they are decoded, and kept at that size. */
  readonly lead: Transform['resize'];
  /** What is done to each image besides, also to those that are mixed in. */
  readonly single: Stage;
  /** What a MultiImageMixDataset does after that. */
  readonly mixing: (Stage & Pick<MixOptions, 'maxRefetch'>) | undefined;
}

function stage(steps: readonly TransformStep[]): Stage {
  const transforms = steps.map(buildTransform);
  return { steps, transforms, heavy: transforms.some(({ heavy }) => heavy) };
}

/** The pipeline of a config. Throws RangeError for a divisor out of range. */
export function createPipeline(options: PipelineOptions & { padSizeDivisor?: number }): Pipeline {
  const { steps, mix, padSizeDivisor = 32 } = options;
  if (!Number.isInteger(padSizeDivisor) || padSizeDivisor < 1 || padSizeDivisor > 16_384)
    throw new RangeError(
      `createPipeline: padSizeDivisor must be a whole number from 1, got ${padSizeDivisor}`,
    );
  const whole = stage(steps);
  const lead = whole.transforms[0]?.resize;
  return {
    padSizeDivisor,
    lead,
    single: lead === undefined ? whole : stage(steps.slice(1)),
    mixing: mix && { ...stage(mix.steps), maxRefetch: mix.maxRefetch },
  };
}

/** The most images that end up in one sample: 1, and those that steps mix in. */
export function imagesPerSample({ mixing }: Pipeline): number {
  const mixed = mixing?.transforms.map(({ mixes }: { mixes?: MixRule }) => mixes?.count ?? 0) ?? [];
  return mixed.reduce((sum, count) => sum + count, 1);
}
