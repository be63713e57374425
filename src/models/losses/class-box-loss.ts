import { classBoxIouLoss } from '../../ops/iou-loss/iou-loss.ts';
import { classBoxL1Loss } from '../../ops/l1-loss/class-box-l1-loss.ts';
import type { Scalar, Tensor } from '../../tensor/tf.ts';
import { iouMeasure } from './dense-box-loss.ts';
import type { BoxLossSpec, CoderSpec } from './loss-options.ts';

/** What a box loss on RoIs needs; R RoIs. */
export interface ClassBoxLossInput {
  /** float32 [R, 4·rows] */
  readonly pred: Tensor;
  /** float32 [R, 4] */
  readonly deltaTargets: Tensor;
  /** float32 [R, 4] xyxy: the ground truth of each positive */
  readonly gtTargets: () => Tensor;
  /** float32 [R, 4] xyxy */
  readonly boxes: () => Tensor;
  /** int32 [R]: label of a positive (from `labelOffset` on); the background's label or −1 for the others */
  readonly labels: Tensor;
  /** float32 [1] */
  readonly avgFactor: Tensor;
  /** K: classes without the background. */
  readonly numClasses: number;
  /** Label of the first class. */
  readonly labelOffset: number;
}

/** The configured regression loss over the positive RoIs, in the row of each one's class; differentiable in `pred`. */
export function classBoxLoss(
  input: ClassBoxLossInput,
  spec: BoxLossSpec,
  coder: CoderSpec,
): Scalar {
  const { pred, deltaTargets, labels, avgFactor, numClasses, labelOffset } = input;
  if (spec.type === 'L1Loss' || spec.type === 'SmoothL1Loss') {
    const beta = spec.type === 'L1Loss' ? 0 : spec.beta;
    const options = { beta, lossWeight: spec.lossWeight, numClasses, labelOffset };
    return classBoxL1Loss(pred, deltaTargets, labels, avgFactor, options);
  }
  const form = { kind: 'deltas', anchors: input.boxes(), ...coder } as const;
  return classBoxIouLoss(pred, form, input.gtTargets(), labels, avgFactor, {
    ...spec,
    measure: iouMeasure(spec),
    numClasses,
    labelOffset,
  });
}
