import type { DetectionBatch, RetinaLosses, RetinaNet } from '../models/detectors/retinanet.ts';
import { activeBackend } from '../tensor/backend.ts';
import { tf } from '../tensor/tf.ts';
import type { Tensor } from '../tensor/tf.ts';
import type { Optimizer } from './optimizers/optimizer.ts';

/** What a step leaves on the GPU for the metrics ring: four tensors whose first element counts. */
export interface StepMetrics {
  readonly loss: Tensor;
  readonly lossCls: Tensor;
  readonly lossBbox: Tensor;
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
  model: RetinaNet,
  optimizer: Optimizer,
  makeBatch: () => DetectionBatch,
  lr: number,
  record: (metrics: StepMetrics) => void,
): void {
  tf.tidy(() => {
    const batch = makeBatch();
    const frozen = model.prepare(batch);
    const [, height, width] = batch.inputSize;
    const targets = model.assign(batch, model.anchorsFor(model.levelSizes(height, width)));
    let losses: RetinaLosses | undefined;
    const variables = optimizer.variables.map(({ variable }) => variable);
    const { value, grads } = tf.variableGrads(() => {
      const { lossCls, lossBbox } = model.losses(model.forward(frozen, true), targets);
      // The gradient function runs in a tidy scope of its own; these two outlive it.
      losses = { lossCls: tf.keep(lossCls), lossBbox: tf.keep(lossBbox) };
      return tf.add(lossCls, lossBbox).asScalar();
    }, variables);
    if (losses === undefined) throw new Error('trainStep: the loss function did not run');
    const gradNorm = optimizer.step(grads, lr);
    record({ loss: value, ...losses, gradNorm });
    losses.lossCls.dispose();
    losses.lossBbox.dispose();
  });
  activeBackend().flush();
}
