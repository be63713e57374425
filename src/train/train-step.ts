import type { DetectionBatch, Detector } from '../models/detectors/detector.ts';
import { isLossKey } from '../models/detectors/detector.ts';
import { activeBackend } from '../tensor/backend.ts';
import { tf } from '../tensor/tf.ts';
import type { Scalar, Tensor } from '../tensor/tf.ts';
import type { Optimizer } from './optimizers/optimizer.ts';

/** What a step leaves on the GPU for the metrics ring: tensors whose first element counts. */
export interface StepMetrics {
  readonly loss: Tensor;
  /** One for each of the detector's log keys. */
  readonly parts: readonly Tensor[];
  /** Norm of all gradients before clipping. */
  readonly gradNorm: Tensor;
}

/**
 * One training step: forward, assignment, losses, backward, update. Everything is recorded; nothing is read back, so the
 * step takes the same commands whatever the images hold.
 *
 * @param record receives the metrics while they live; it may only record GPU work (the ring)
 */
export function trainStep(
  model: Detector,
  optimizer: Optimizer,
  makeBatch: () => DetectionBatch,
  lr: number,
  record: (metrics: StepMetrics) => void,
): void {
  tf.tidy(() => {
    const losses = model.forwardTrain(makeBatch());
    let parts: readonly Tensor[] = [];
    const variables = optimizer.variables.map(({ variable }) => variable);
    const { value, grads } = tf.variableGrads(() => {
      // The gradient function runs in a tidy scope of its own; the parts outlive it.
      parts = losses().map((part) => tf.keep(part));
      return totalLoss(model.logKeys, parts);
    }, variables);
    const gradNorm = optimizer.step(grads, lr);
    record({ loss: value, parts, gradNorm });
    tf.dispose([...parts]);
  });
  activeBackend().flush();
}

/** Sum of the logged values that are losses (MMDetection `parse_losses`), in their order. */
function totalLoss(logKeys: readonly string[], parts: readonly Tensor[]): Scalar {
  const losses = parts.filter((_, i) => isLossKey(logKeys[i] ?? ''));
  const [first, ...rest] = losses;
  if (first === undefined) throw new Error('totalLoss: a detector without losses');
  return rest.reduce((sum, loss) => tf.add(sum, loss), first).asScalar();
}
