import { iouSumReference } from '../../ops/iou-loss/iou-loss.reference.ts';
import { smoothL1TermsReference } from '../../ops/l1-loss/l1-loss.reference.ts';
import { reduceReference } from '../../ops/loss-sum/loss-terms.reference.ts';
import { bboxTargetsReference } from '../../ops/anchor-targets/bbox-targets.reference.ts';
import type { BoxLossSpec, CoderSpec } from '../../models/losses/loss-options.ts';

/** A loss and its gradient by the predictions. */
export interface LossAndGradient {
  readonly loss: number;
  readonly gradient: ArrayLike<number>;
}

export interface DenseBoxInput {
  /** Deltas of all images, [B · N · 4]. */
  readonly pred: readonly number[];
  /** [N, 4] */
  readonly anchors: Float32Array;
  /** Of each image: ground truths [G, 4], and the assignment of every anchor. */
  readonly images: readonly {
    readonly gtBoxes: Float32Array;
    readonly assigned: readonly number[];
  }[];
  readonly avgFactor: number | readonly number[];
}

/** The box loss of an anchor head. Losses on overlaps have no slope here: they are compared by value. */
export function denseBoxLoss(
  { pred, anchors, images, avgFactor }: DenseBoxInput,
  spec: BoxLossSpec,
  coder: CoderSpec,
): LossAndGradient {
  const assigned = images.flatMap((image) => image.assigned);
  if (spec.type === 'L1Loss' || spec.type === 'SmoothL1Loss') {
    const targets = images.flatMap((image) =>
      bboxTargetsReference(anchors, image.gtBoxes, image.assigned, coder),
    );
    const beta = spec.type === 'L1Loss' ? 0 : spec.beta;
    const terms = smoothL1TermsReference(pred, targets, assigned, beta);
    const { loss, grad } = reduceReference(terms, avgFactor, spec.lossWeight);
    return { loss, gradient: grad };
  }
  if (typeof avgFactor !== 'number') throw new Error('a loss on overlaps by image is not built');
  const goals = images.flatMap(({ gtBoxes, assigned: own }) =>
    own.flatMap((gt) => [...gtBoxes.subarray(Math.max(gt, 0) * 4, Math.max(gt, 0) * 4 + 4)]),
  );
  const measure = spec.type === 'GIoULoss' ? 'giou' : spec.mode;
  const rows = {
    anchors: images.flatMap(() => [...anchors]),
    coder,
    goals,
    weights: assigned.map((gt) => (gt < 0 ? 0 : 1)),
  };
  const sum = iouSumReference(pred, rows, measure, spec.eps);
  return {
    loss: (sum / avgFactor) * spec.lossWeight,
    gradient: new Float32Array(pred.length).fill(Number.NaN),
  };
}
