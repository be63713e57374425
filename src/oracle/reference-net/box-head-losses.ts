import { accuracyReference } from '../../ops/accuracy/accuracy.reference.ts';
import { softmaxCrossEntropyReference } from '../../ops/cross-entropy-loss/softmax-cross-entropy-loss.reference.ts';
import { smoothL1TermsReference } from '../../ops/l1-loss/l1-loss.reference.ts';
import { reduceReference } from '../../ops/loss-sum/loss-terms.reference.ts';
import type { FixtureModelOptions } from '../models/model-config.ts';
import { addTo, gradientOf } from './tape.ts';
import type { Value } from './tape.ts';

type FasterRcnnOptions = Extract<FixtureModelOptions, { readonly type: 'FasterRCNN' }>;
type BoxHeadOptions = FasterRcnnOptions['roiHead']['bboxHead'];

export interface BoxHeadRows {
  /** Logits [R, classes + background] and deltas [R, 4 or 4 per class]. */
  readonly cls: Value;
  readonly reg: Value;
  /** Of each RoI its label, and the deltas it should have. */
  readonly labels: readonly number[];
  readonly deltas: readonly number[];
  readonly background: number;
}

/** The second stage's losses; their gradients are added to `cls` and `reg`. */
export function boxHeadLosses(rows: BoxHeadRows, { lossCls, lossBbox }: BoxHeadOptions) {
  const { cls, reg, labels } = rows;
  if (lossBbox.type !== 'L1Loss' && lossBbox.type !== 'SmoothL1Loss') {
    throw new Error(`${lossBbox.type} of a box head is not built`);
  }
  const avgFactor = Math.max(labels.length, 1);
  const logits = [...cls.data];
  const terms = softmaxCrossEntropyReference(logits, labels);
  const crossEntropy = reduceReference(terms, avgFactor, lossCls.lossWeight);
  addTo(gradientOf(cls), crossEntropy.grad);
  const beta = lossBbox.type === 'L1Loss' ? 0 : lossBbox.beta;
  return {
    loss_cls: crossEntropy.loss,
    acc: accuracyReference(logits, labels),
    loss_bbox: boxLoss(reg, rows, { beta, avgFactor, lossWeight: lossBbox.lossWeight }),
  };
}

/** Of each RoI the box of its class. */
function boxLoss(
  reg: Value,
  { labels, deltas, background }: BoxHeadRows,
  options: { readonly beta: number; readonly avgFactor: number; readonly lossWeight: number },
): number {
  const width = reg.shape[1] ?? 0;
  const starts = labels.map((label, row) => row * width + (width === 4 ? 0 : label * 4));
  const assigned = labels.map((label) => (label === background ? -1 : 0));
  const own = starts.flatMap((from) => [0, 1, 2, 3].map((k) => reg.data[from + k] ?? 0));
  const terms = smoothL1TermsReference(own, deltas, assigned, options.beta);
  const { loss, grad } = reduceReference(terms, options.avgFactor, options.lossWeight);
  const target = gradientOf(reg);
  for (const [row, from] of starts.entries()) {
    if ((assigned[row] ?? -1) < 0) continue;
    for (let k = 0; k < 4; k++) {
      target[from + k] = (target[from + k] ?? 0) + (grad[row * 4 + k] ?? 0);
    }
  }
  return loss;
}
