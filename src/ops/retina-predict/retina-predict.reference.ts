import { decodeReference } from '../delta-coder/delta-coder.reference.ts';
import { nmsReference } from '../nms/nms.reference.ts';
import { filterScoresAndTopKReference } from '../top-k/filter-scores-and-top-k.reference.ts';
import type { RetinaPredictOptions } from './retina-predict.ts';

/** One image's head outputs. */
export interface HeadOutputs {
  /** [N · K], all levels. */
  readonly logits: Float32Array;
  /** [N · 4] */
  readonly deltas: Float32Array;
  readonly levelSizes: readonly number[];
  readonly anchors: Float32Array;
  readonly numClasses: number;
  readonly imgShape: readonly [height: number, width: number];
  readonly scaleFactor: readonly [width: number, height: number] | null;
}

export interface DetectedBoxes {
  /** [count, 4] */
  readonly boxes: number[];
  readonly scores: number[];
  readonly labels: number[];
}

/** Slow twin of `retinaPredict` for one image, put together from the slow twins of its parts. */
export function retinaPredictReference(
  head: HeadOutputs,
  options: RetinaPredictOptions = {},
): DetectedBoxes {
  const { logits, deltas, levelSizes, anchors, numClasses, imgShape, scaleFactor } = head;
  const { scoreThr = 0.05, nmsPre = 1000, minBboxSize = 0, maxPerImg = 100 } = options;
  const { nmsIouThreshold = 0.5, classAgnostic = false, coder = {} } = options;
  const top = filterScoresAndTopKReference(logits, numClasses, levelSizes, scoreThr, nmsPre);
  const [scaleX, scaleY] = scaleFactor ?? [1, 1];
  const decoded = decodeReference(
    anchors,
    deltas,
    (coder.clipBorder ?? true) ? imgShape : null,
    coder,
  );
  const candidates = top.flatMap(({ elements, scores }) =>
    elements.flatMap((element, index) => {
      const at = Math.floor(element / numClasses) * 4;
      const box = decoded
        .slice(at, at + 4)
        .map((value, axis) => Math.fround(value / (axis % 2 === 0 ? scaleX : scaleY)));
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = box;
      if (minBboxSize >= 0 && !(x2 - x1 > minBboxSize && y2 - y1 > minBboxSize)) return [];
      return [{ box, score: scores[index] ?? 0, label: element % numClasses }];
    }),
  );
  const keep = nmsReference(
    Float32Array.from(candidates.flatMap(({ box }) => box)),
    Float32Array.from(candidates, ({ score }) => score),
    classAgnostic ? null : Int32Array.from(candidates, ({ label }) => label),
    nmsIouThreshold,
  ).slice(0, maxPerImg);
  const kept = keep.flatMap((index) => candidates[index] ?? []);
  return {
    boxes: kept.flatMap(({ box }) => box),
    scores: kept.map(({ score }) => score),
    labels: kept.map(({ label }) => label),
  };
}
