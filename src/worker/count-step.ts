import { optimOptions } from '../config/resolved.ts';
import type { Config } from '../config/schema/config-schema.ts';
import type { Batch } from '../data/loader/batch.ts';
import { GpuCounter } from '../tensor/gpu-counter.ts';
import type { GpuCounts } from '../tensor/gpu-counter.ts';
import { Optimizer } from '../train/optimizers/optimizer.ts';
import { trainStep } from '../train/train-step.ts';
import { uploadBatch } from '../train/upload-batch.ts';
import { optimizerOptions } from './engine-options.ts';
import { createModel } from './loaded-model.ts';

/** What a training step asks of the device. */
export interface StepCounts extends GpuCounts {
  /** Time in which the step was recorded, without the dispatches, writes and submits themselves. */
  readonly jsMs: number;
  /** Most bytes of buffers alive at one time: weights, optimiser, activations and pooled buffers. */
  readonly peakBytes: number;
}

/** Padded input of the counted step. */
export interface StepSize {
  readonly height: number;
  readonly width: number;
  readonly batch: number;
}

/** Room for ground truths per image; the counts do not depend on it. */
const MAX_GTS = 16;

/**
 * Counts a training step of a config's model in its steady state, the second step. Nothing is computed, so real widths
 * take no longer than toys. Afterwards the device must not be used for anything else.
 */
export function countTrainStep(device: GPUDevice, config: Config, size: StepSize): StepCounts {
  const counter = new GpuCounter(device, { execute: false });
  try {
    const { model } = createModel({ config, configText: '', classes: [] }, 0);
    const optimizer = new Optimizer(
      model.parameters.trainable(),
      optimizerOptions(optimOptions(config)),
    );
    const batch = blankBatch(size);
    let jsMs = 0;
    for (let step = 0; step < 2; step++) {
      counter.take();
      const start = performance.now();
      trainStep(
        model,
        optimizer,
        () => uploadBatch(batch, 0, step),
        0.01,
        () => undefined,
      );
      jsMs = performance.now() - start;
    }
    const counts = counter.take();
    optimizer.dispose();
    model.dispose();
    return { ...counts, jsMs, peakBytes: counter.peakBytes };
  } finally {
    counter.stop();
  }
}

/** Black images without ground truths: what they show has no influence on the commands. */
function blankBatch({ height, width, batch }: StepSize): Batch {
  const sides = Int32Array.from({ length: 2 * batch }, (_, i) => (i % 2 === 0 ? height : width));
  return {
    images: new Uint8Array(batch * height * width * 3),
    inputSize: [height, width],
    imgShapes: sides,
    padShapes: sides.slice(),
    gtBoxes: new Float32Array(batch * MAX_GTS * 4),
    gtLabels: new Int32Array(batch * MAX_GTS).fill(-1),
    gtCounts: new Int32Array(batch),
    metas: [],
  };
}
