/**
 * How a RoI's size chooses its level of the feature pyramid (Lin et al., 2017, equation 1), s = √(width · height) in
 * input pixels, everything in float32.
 */
export type RoiLevelRule =
  | {
      /** MMDetection `SingleRoIExtractor.map_roi_levels`: ⌊log2(s / finestScale + 1e-6)⌋. */
      readonly rule: 'mmdetection';
      /** Twice this is where the second level begins, in input pixels; above 0. Default 56. */
      readonly finestScale?: number;
      readonly numLevels: number;
    }
  | {
      /** torchvision `LevelMapper`: ⌊canonicalLevel + log2(s / canonicalScale) + 1e-6⌋ − kMin. */
      readonly rule: 'torchvision';
      /** In input pixels; above 0. Default 224. */
      readonly canonicalScale?: number;
      /** The level of a RoI of the canonical scale. Default 4. */
      readonly canonicalLevel?: number;
      /** Exponents of the strides of the finest and of the coarsest level, e.g. 2 and 5. */
      readonly kMin: number;
      readonly kMax: number;
    };

/** Number of levels that a rule tells apart. */
export function countLevels(options: RoiLevelRule): number {
  return options.rule === 'mmdetection' ? options.numLevels : options.kMax - options.kMin + 1;
}

const EPS = Math.fround(1e-6);

/**
 * The rule itself: level before clamping, counted from the finest; −∞ at area 0. Each step is rounded to float32 as
 * PyTorch does; its log2 is only within a unit in the last place, here it is rounded correctly.
 *
 * @param area float32, in square pixels, not negative
 */
export function levelOfArea(area: number, options: RoiLevelRule): number {
  const { fround } = Math;
  const scale = fround(Math.sqrt(area));
  if (options.rule === 'mmdetection') {
    const ratio = fround(scale / fround(options.finestScale ?? 56));
    return Math.floor(fround(Math.log2(fround(ratio + EPS))));
  }
  const octaves = fround(Math.log2(fround(scale / fround(options.canonicalScale ?? 224))));
  return Math.floor(fround(fround((options.canonicalLevel ?? 4) + octaves) + EPS)) - options.kMin;
}

/**
 * The smallest float32 area of each level but the first, ascending: with these a GPU, whose square root and logarithm
 * are inexact, decides by comparing. Found by bisection of the float32 numbers, whose bits are ordered as they are.
 */
export function areaThresholds(options: RoiLevelRule): number[] {
  return Array.from({ length: countLevels(options) - 1 }, (_, index) => {
    let below = -1;
    let reached = bitsOf(Number.POSITIVE_INFINITY);
    while (reached - below > 1) {
      const middle = Math.floor((below + reached) / 2);
      if (levelOfArea(floatOf(middle), options) > index) reached = middle;
      else below = middle;
    }
    return floatOf(reached);
  });
}

function bitsOf(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
}

function floatOf(bits: number): number {
  return new Float32Array(Uint32Array.of(bits).buffer)[0] ?? 0;
}
