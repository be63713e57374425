import { nmsReference } from '../nms/nms.reference.ts';
import { softNmsReference } from '../soft-nms/soft-nms.reference.ts';
import type { NmsOptions } from './keep-best.ts';

/** One box to choose from. */
export interface CandidateBox {
  readonly box: readonly number[];
  readonly score: number;
  readonly label: number;
}

export interface DetectedBoxes {
  /** [count, 4] */
  readonly boxes: number[];
  readonly scores: number[];
  readonly labels: number[];
}

/** Slow twin of `keepBest` for one image. */
export function keepBestReference(
  candidates: readonly CandidateBox[],
  nms: NmsOptions,
  maxPerImg: number,
  scaleFactor: readonly [width: number, height: number] | null,
): DetectedBoxes {
  const boxes = Float32Array.from(candidates.flatMap(({ box }) => box));
  const scores = Float32Array.from(candidates, ({ score }) => score);
  const classes =
    nms.classAgnostic === true ? null : Int32Array.from(candidates, ({ label }) => label);
  const { keep, scores: keptScores } =
    nms.type === 'soft_nms'
      ? softNmsReference(boxes, scores, classes, maxPerImg, nms)
      : hardNms(boxes, scores, classes, nms.iouThreshold ?? 0.5, maxPerImg);
  const kept = keep.flatMap((index) => candidates[index] ?? []);
  const [scaleX, scaleY] = scaleFactor ?? [1, 1];
  return {
    boxes: kept.flatMap(({ box }) =>
      box.map((value, axis) => value / (axis % 2 === 0 ? scaleX : scaleY)),
    ),
    scores: keptScores,
    labels: kept.map(({ label }) => label),
  };
}

function hardNms(
  boxes: Float32Array,
  scores: Float32Array,
  classes: Int32Array | null,
  iouThreshold: number,
  maxPerImg: number,
) {
  const keep = nmsReference(boxes, scores, classes, iouThreshold).slice(0, maxPerImg);
  return { keep, scores: keep.map((index) => scores[index] ?? 0) };
}
