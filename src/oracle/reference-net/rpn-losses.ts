import { sigmoidCrossEntropyReference } from '../../ops/cross-entropy-loss/sigmoid-cross-entropy-loss.reference.ts';
import { reduceReference } from '../../ops/loss-sum/loss-terms.reference.ts';
import type { sampleAnchorsReference } from '../../ops/sampler/sample-anchors.reference.ts';
import type { FixtureModelOptions } from '../models/model-config.ts';
import { addBatchRows, batchRows } from './head-rows.ts';
import { denseBoxLoss } from './losses.ts';
import type { HeadLevel } from './network.ts';

type RpnHeadOptions = Extract<FixtureModelOptions, { readonly type: 'FasterRCNN' }>['rpnHead'];

export interface RpnRows {
  readonly heads: readonly HeadLevel[];
  /** [N, 4] */
  readonly anchors: Float32Array;
  readonly sampled: readonly ReturnType<typeof sampleAnchorsReference>[];
  /** Of each image its ground truths [G, 4]. */
  readonly gtBoxes: readonly Float32Array[];
  /** An image counts as having sampled at least so many anchors of either kind. */
  readonly least: number;
}

/** The first stage's losses; their gradients are added to the heads' outputs. */
export function rpnLosses(
  { heads, anchors, sampled, gtBoxes, least }: RpnRows,
  { lossCls, lossBbox, coder }: RpnHeadOptions,
) {
  const avgFactor = sampled.reduce(
    (sum, { numPos, numNeg }) => sum + Math.max(numPos, least) + Math.max(numNeg, least),
    0,
  );
  const cls = heads.map((level) => level.cls);
  const reg = heads.map((level) => level.reg);
  const labels = sampled.flatMap((image) => image.labels);
  const terms = sigmoidCrossEntropyReference(batchRows(cls), labels, 1);
  const objectness = reduceReference(terms, avgFactor, lossCls.lossWeight);
  addBatchRows(cls, objectness.grad);
  const images = sampled.map(({ assigned }, image) => ({
    assigned,
    gtBoxes: gtBoxes[image] ?? new Float32Array(),
  }));
  const box = denseBoxLoss({ pred: batchRows(reg), anchors, images, avgFactor }, lossBbox, coder);
  addBatchRows(reg, box.gradient);
  return { loss_rpn_cls: objectness.loss, loss_rpn_bbox: box.loss };
}
