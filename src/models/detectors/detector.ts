import type { Detections } from '../../ops/keep-best/keep-best.ts';
import type { Tensor, Tensor2D, Tensor3D } from '../../tensor/tf.ts';
import type { ParameterSet } from '../parameter-set.ts';

/** Images of a batch on the GPU. */
export interface ImageBatch {
  /** Packed RGB bytes of [B, H, W, 3]. */
  readonly bytes: Tensor;
  /** [B, H, W] of the padded input. */
  readonly inputSize: readonly [number, number, number];
  /** int32 [B, 2]: height and width of each image after resizing. */
  readonly imgShapes: Tensor2D;
  /** int32 [B, 2]: MMDetection's pad_shape. */
  readonly padShapes: Tensor2D;
  /** int32 [B, 2]: MMDetection's batch_input_shape, the same for all images. A bucket may be larger. */
  readonly batchShapes: Tensor2D;
}

/** A training batch on the GPU. G = padded number of ground truths. */
export interface DetectionBatch extends ImageBatch {
  /** float32 [B, G, 4] xyxy in input pixels */
  readonly gtBoxes: Tensor3D;
  /** int32 [B, G] */
  readonly gtLabels: Tensor2D;
  /** int32 [B] */
  readonly gtCounts: Tensor;
  /** Boxes whose priors are to be ignored (`ignore_iof_thr`); null where the data has none. */
  readonly gtIgnore: IgnoredBoxes | null;
  /** int32 [2]: seed and step, both below 2²⁴; what random samplers draw from. */
  readonly randomKey: Tensor;
}

/** Crowd, difficult and too small boxes of a batch. */
export interface IgnoredBoxes {
  /** float32 [B, I, 4] xyxy in input pixels */
  readonly boxes: Tensor3D;
  /** int32 [B] */
  readonly counts: Tensor;
}

/** How a detector is asked for boxes. */
export interface PredictOptions {
  /** float32 [B, 2]: (width, height) of the resized over the original image; null leaves boxes in input pixels. */
  readonly scaleFactors: Tensor | null;
  /** Instead of the config's `score_thr`. */
  readonly scoreThr?: number;
}

/**
 * What training, prediction and checkpoints need to know of a detector: the recipe behind it is a page of its own
 * (RetinaNet, Faster R-CNN, FCOS). All work is recorded on the GPU; nothing is read back.
 */
export interface Detector {
  readonly parameters: ParameterSet;
  /**
   * What a step logs, by MMDetection's keys and in its order, e.g. `loss_rpn_cls`, …, `acc`. The values whose key
   * contains "loss" are added up and differentiated (MMDetection `parse_losses`).
   */
  readonly logKeys: readonly string[];
  /**
   * A training step up to the losses. What no gradient reaches (frozen stages, targets) is recorded at once; the
   * returned function does the rest and is to be called once, under the tape.
   *
   * @returns one float32 tensor for each of {@link logKeys}, whose first element counts
   */
  forwardTrain(batch: DetectionBatch): () => readonly Tensor[];
  /** Detections in evaluation mode, padded, best first. */
  predict(batch: ImageBatch, options: PredictOptions): Detections;
  dispose(): void;
}

/** Whether a logged value is a part of the loss. */
export function isLossKey(key: string): boolean {
  return key.includes('loss');
}
