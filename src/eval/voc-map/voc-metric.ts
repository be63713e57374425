import type { ApMode } from './average-precision.ts';
import { evalMap } from './eval-map.ts';
import type { EvalImage, MapResult } from './eval-map.ts';

export interface VocMetricOptions {
  readonly classes: readonly string[];
  /** IoU thresholds; MMDetection: [0.5]. */
  readonly iouThrs: readonly number[];
  readonly evalMode: ApMode;
  /** Pixel-counting box sizes. Default true, as MMDetection's VOCMetric. */
  readonly legacyCoordinates?: boolean;
  /** First part of the metric names. Default `pascal_voc`. */
  readonly prefix?: string;
}

export interface VocClassResult {
  readonly name: string;
  /** At the first IoU threshold; null where the class has no ground truth. */
  readonly ap: number | null;
  readonly numGts: number;
  readonly numDets: number;
  /** Of all detections, at the first IoU threshold; null where the class has no ground truth. */
  readonly recall: number | null;
}

export interface VocMetricResult {
  /**
   * `pascal_voc/mAP` (mean over thresholds) and `pascal_voc/AP50` … per threshold, rounded to 3 decimals as MMDetection
   * logs them. null when no class has ground truth; MMDetection would say 0.
   */
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly perClass: readonly VocClassResult[];
  /** Unrounded, with the curves, one per IoU threshold. */
  readonly results: readonly MapResult[];
}

/**
 * Pascal VOC metrics by MMDetection's names (VOCMetric, metric `mAP`). Throws a RangeError without an IoU threshold.
 */
export function vocMetric(
  images: readonly EvalImage[],
  options: VocMetricOptions,
): VocMetricResult {
  const { classes, iouThrs, evalMode, legacyCoordinates = true, prefix = 'pascal_voc' } = options;
  const results = iouThrs.map((iouThr) =>
    evalMap(images, { numClasses: classes.length, iouThr, mode: evalMode, legacyCoordinates }),
  );
  const first = results[0];
  if (first === undefined) throw new RangeError('vocMetric needs at least one IoU threshold');
  // Ground truth does not depend on the threshold: either all of the means are numbers or none is.
  const means = results.flatMap(({ meanAp }) => (meanAp === null ? [] : [meanAp]));
  const mean = means.length === 0 ? null : means.reduce((sum, ap) => sum + ap, 0) / means.length;
  const perThreshold = results.map(({ meanAp }, i): [string, number | null] => {
    const name = String(Math.trunc((iouThrs[i] ?? 0) * 100)).padStart(2, '0');
    return [`${prefix}/AP${name}`, meanAp === null ? null : Math.round(meanAp * 1000) / 1000];
  });
  return {
    metrics: { [`${prefix}/mAP`]: mean, ...Object.fromEntries(perThreshold) },
    perClass: classes.map((name, label): VocClassResult => {
      const of = first.perClass[label];
      const known = of !== undefined && of.numGts > 0;
      return {
        name,
        ap: of?.ap ?? null,
        numGts: of?.numGts ?? 0,
        numDets: of?.numDets ?? 0,
        recall: known ? of.truePositives / of.numGts : null,
      };
    }),
    results,
  };
}
