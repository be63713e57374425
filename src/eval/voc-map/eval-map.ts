import { averagePrecision } from './average-precision.ts';
import type { ApMode } from './average-precision.ts';
import { byDescendingScore, MATCH_FALSE, MATCH_TRUE, matchDetections } from './match-detections.ts';

/** Detections and ground truths of one image, all classes. Boxes are xyxy in original pixels. */
export interface EvalImage {
  readonly detections: {
    /** [n, 4] */
    readonly boxes: ArrayLike<number>;
    /** [n] */
    readonly scores: ArrayLike<number>;
    /** [n] class index */
    readonly labels: ArrayLike<number>;
  };
  readonly groundTruth: {
    /** [m, 4] */
    readonly boxes: ArrayLike<number>;
    /** [m] class index */
    readonly labels: ArrayLike<number>;
    /** [m] bit 0 set: difficult or crowd; neither found nor missed */
    readonly flags: ArrayLike<number>;
  };
}

export interface MapOptions {
  readonly numClasses: number;
  /** IoU from which a detection finds a ground truth. */
  readonly iouThr: number;
  readonly mode: ApMode;
  /** VOC counts whole pixels: width = x2 − x1 + 1. MMDetection's VOCMetric does so always. */
  readonly legacyCoordinates: boolean;
}

export interface ClassAp {
  /** Ground truths that count (ignored ones do not). */
  readonly numGts: number;
  readonly numDets: number;
  /** 0 … 1; null where the class has no ground truth, so that nothing can be said. */
  readonly ap: number | null;
  readonly truePositives: number;
  readonly falsePositives: number;
  /** [numDets] scores, best first; equal ones in the order of images and detections. */
  readonly scores: Float64Array;
  /** [numDets] recall and precision when all detections down to this one are kept. */
  readonly recall: Float64Array;
  readonly precision: Float64Array;
}

export interface MapResult {
  /** Mean over the classes that have ground truth; null when none has. */
  readonly meanAp: number | null;
  /** [numClasses] */
  readonly perClass: readonly ClassAp[];
}

/**
 * Mean average precision by Pascal VOC, as MMDetection's `eval_map`. Labels outside 0 … numClasses − 1 are left out.
 * MMDetection sorts equal scores in no defined order; here they keep the order of images, then of detections.
 */
export function evalMap(images: readonly EvalImage[], options: MapOptions): MapResult {
  const perClass = splitByClass(images, options.numClasses).map((split) => classAp(split, options));
  const aps = perClass.flatMap(({ ap }) => (ap === null ? [] : [ap]));
  const meanAp = aps.length === 0 ? null : aps.reduce((sum, ap) => sum + ap, 0) / aps.length;
  return { meanAp, perClass };
}

/** One class in one image. */
interface ImageOfClass {
  readonly detBoxes: number[];
  readonly scores: number[];
  readonly gtBoxes: number[];
  readonly ignored: number[];
}

/** [numClasses] the images in which the class occurs, in order. */
function splitByClass(images: readonly EvalImage[], numClasses: number): ImageOfClass[][] {
  const classes = Array.from({ length: numClasses }, (): ImageOfClass[] => []);
  for (const { detections, groundTruth } of images) {
    const ofImage = new Map<number, ImageOfClass>();
    const entry = (label: number): ImageOfClass | undefined => {
      const list = classes[label];
      if (list === undefined) return undefined;
      const known = ofImage.get(label);
      if (known !== undefined) return known;
      const made: ImageOfClass = { detBoxes: [], scores: [], gtBoxes: [], ignored: [] };
      ofImage.set(label, made);
      list.push(made);
      return made;
    };
    for (let i = 0; i < detections.labels.length; i++) {
      const of = entry(detections.labels[i] ?? -1);
      of?.scores.push(detections.scores[i] ?? NaN);
      of?.detBoxes.push(...box(detections.boxes, i));
    }
    for (let j = 0; j < groundTruth.labels.length; j++) {
      const of = entry(groundTruth.labels[j] ?? -1);
      of?.ignored.push((groundTruth.flags[j] ?? 0) & 1);
      of?.gtBoxes.push(...box(groundTruth.boxes, j));
    }
  }
  return classes;
}

function box(boxes: ArrayLike<number>, i: number): number[] {
  return [0, 1, 2, 3].map((k) => boxes[4 * i + k] ?? NaN);
}

function classAp(images: readonly ImageOfClass[], options: MapOptions): ClassAp {
  const scores: number[] = [];
  const matches: number[] = [];
  let numGts = 0;
  for (const image of images) {
    const found = matchDetections(
      { boxes: image.detBoxes, scores: image.scores },
      { boxes: image.gtBoxes, ignored: image.ignored },
      options.iouThr,
      options.legacyCoordinates ? 1 : 0,
    );
    for (const match of found) matches.push(match);
    for (const score of image.scores) scores.push(score);
    numGts += image.ignored.filter((ignored) => ignored === 0).length;
  }
  const order = byDescendingScore(scores);
  const { recall, precision, truePositives, falsePositives } = curve(order, matches, numGts);
  return {
    numGts,
    numDets: scores.length,
    ap: numGts === 0 ? null : averagePrecision(recall, precision, options.mode),
    truePositives,
    falsePositives,
    scores: Float64Array.from(order, (i) => scores[i] ?? NaN),
    recall,
    precision,
  };
}

const EPS = 2 ** -23;

function curve(order: Uint32Array, matches: readonly number[], numGts: number) {
  const recall = new Float64Array(order.length);
  const precision = new Float64Array(order.length);
  let truePositives = 0;
  let falsePositives = 0;
  order.forEach((i, rank) => {
    if (matches[i] === MATCH_TRUE) truePositives += 1;
    else if (matches[i] === MATCH_FALSE) falsePositives += 1;
    recall[rank] = truePositives / Math.max(numGts, EPS);
    precision[rank] = truePositives / Math.max(truePositives + falsePositives, EPS);
  });
  return { recall, precision, truePositives, falsePositives };
}
