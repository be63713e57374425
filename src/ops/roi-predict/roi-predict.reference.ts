import { decodeReference, four } from '../delta-coder/delta-coder.reference.ts';
import type { HeightWidthPair } from '../delta-coder/delta-coder.reference.ts';
import { keepBestReference } from '../keep-best/keep-best.reference.ts';
import type { CandidateBox, DetectedBoxes } from '../keep-best/keep-best.reference.ts';
import type { RoiPredictOptions } from './roi-predict.ts';

const { fround } = Math;

/** One image's outputs of the R-CNN head. */
export interface RoiHeadOutputs {
  /** [P, K + 1] */
  readonly clsLogits: Float32Array;
  /** [P, 4], [P, 4 K] or, by torchvision's rule, [P, 4 (K + 1)]. */
  readonly bboxPred: Float32Array;
  /** [P, 4] */
  readonly proposals: Float32Array;
  /** The first so many are proposals. */
  readonly count: number;
  readonly numClasses: number;
  readonly imgShape: HeightWidthPair;
  readonly scaleFactor: readonly [width: number, height: number] | null;
}

/** Slow twin of `roiPredict` for one image. */
export function roiPredictReference(
  head: RoiHeadOutputs,
  options: RoiPredictOptions = {},
): DetectedBoxes {
  const { numClasses, scaleFactor } = head;
  const { scoreThr = 0.05, maxPerImg = 100, coder = {} } = options;
  const { nmsIouThreshold = 0.5, classAgnostic = false } = options;
  const { nms = { iouThreshold: nmsIouThreshold, classAgnostic } } = options;
  const torchvision = options.rule === 'torchvision';
  const decoder = { stds: [0.1, 0.1, 0.2, 0.2], clampAboveOnly: torchvision, ...coder } as const;
  const maxShape = (coder.clipBorder ?? true) ? head.imgShape : null;
  const deltas = head.bboxPred.length / head.proposals.length;
  const [scaleX, scaleY] = (torchvision ? null : scaleFactor) ?? [1, 1];
  const candidates = Array.from({ length: head.count }, (_, roi) => {
    const scores = softmax(
      head.clsLogits.subarray(roi * (numClasses + 1), (roi + 1) * (numClasses + 1)),
    );
    return Array.from({ length: numClasses }, (_unused, label): CandidateBox[] => {
      const score = scores[torchvision ? label + 1 : label] ?? 0;
      if (!(score > fround(scoreThr))) return [];
      const own = deltas === 1 ? 0 : label + (deltas === numClasses + 1 ? 1 : 0);
      const delta = four(head.bboxPred, roi * deltas + own);
      const decoded = decodeReference(four(head.proposals, roi), delta, maxShape, decoder);
      const box = decoded.map((value, axis) => fround(value / (axis % 2 === 0 ? scaleX : scaleY)));
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = box;
      if (torchvision && !(x2 - x1 >= 1e-2 && y2 - y1 >= 1e-2)) return [];
      return [{ box, score, label }];
    }).flat();
  }).flat();
  return keepBestReference(candidates, nms, maxPerImg, torchvision ? scaleFactor : null);
}

/** NaN where a logit is NaN or +∞, or all are −∞, as in PyTorch. */
function softmax(logits: Float32Array): Float32Array {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
