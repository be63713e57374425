import type { Rng } from '../../base/rng.ts';

/** What Resize and RandomFlip of a config say, in one small object. */
export interface PipelineOptions {
  /** [width, height] bounds, order-free with `keepRatio` (MMDetection's Resize.scale). */
  readonly scale: readonly [number, number];
  /** RandomChoiceResize: one of these is drawn per image instead of `scale`. */
  readonly choiceScales?: readonly (readonly [number, number])[];
  readonly keepRatio: boolean;
  /** Probability of a horizontal flip, 0 … 1. */
  readonly flipProb: number;
  /** DetDataPreprocessor.pad_size_divisor; 32 when absent. */
  readonly padSizeDivisor?: number;
}

/** What is to be done with one image. */
export interface SamplePlan {
  readonly scale: readonly [number, number];
  readonly keepRatio: boolean;
  readonly flip: boolean;
}

export interface Pipeline {
  readonly padSizeDivisor: number;
  /** Draws for one image; the same stream gives the same plan. Two numbers are drawn whatever the options are. */
  plan(random: Rng): SamplePlan;
}

function isSide(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 16_384;
}

/** Checks the options and gives the pipeline. Throws RangeError for a size, probability or divisor out of range. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { scale, choiceScales = [], keepRatio, flipProb, padSizeDivisor = 32 } = options;
  for (const [width, height] of [scale, ...choiceScales]) {
    if (!isSide(width) || !isSide(height))
      throw new RangeError(
        `createPipeline: scale must be two whole numbers of 1 … 16384, got ${width}, ${height}`,
      );
  }
  if (!(flipProb >= 0 && flipProb <= 1))
    throw new RangeError(`createPipeline: flipProb must be 0 … 1, got ${flipProb}`);
  if (!isSide(padSizeDivisor))
    throw new RangeError(
      `createPipeline: padSizeDivisor must be a whole number from 1, got ${padSizeDivisor}`,
    );
  return {
    padSizeDivisor,
    plan: (random) => {
      const chosen = choiceScales[Math.floor(random.float() * choiceScales.length)] ?? scale;
      return { scale: chosen, keepRatio, flip: random.float() < flipProb };
    },
  };
}
