import type { Batch } from '../data/loader/batch.ts';
import type { Detector } from '../models/detectors/detector.ts';
import { readIntTensor, readTensor } from '../tensor/read.ts';
import { tf } from '../tensor/tf.ts';
import { uploadFloats } from '../tensor/upload.ts';
import { uploadImages } from './upload-batch.ts';

/** Detections of one image, best first; boxes in the pixels of the original image. */
export interface ImageDetections {
  /** [n, 4] xyxy */
  readonly boxes: Float32Array;
  /** [n] */
  readonly scores: Float32Array;
  /** [n] class index */
  readonly labels: Int32Array;
}

/**
 * Runs the model in evaluation mode on a batch; boxes are divided by the scale factor before NMS, as MMDetection does.
 *
 * @param scoreThr instead of the config's `score_thr`
 * @returns one entry per image of the batch, in its order
 */
export async function predictBatch(
  model: Detector,
  batch: Batch,
  scoreThr?: number,
): Promise<readonly ImageDetections[]> {
  const detections = tf.tidy(() => {
    const scaleFactors = Float32Array.from(
      batch.metas.flatMap(({ scaleFactor }) => [...scaleFactor]),
    );
    const options = {
      scaleFactors: uploadFloats(scaleFactors, [batch.metas.length, 2]),
      ...(scoreThr === undefined ? {} : { scoreThr }),
    };
    return { ...model.predict(uploadImages(batch), options) };
  });
  const [boxes, scores, labels, counts] = await Promise.all([
    readTensor(detections.boxes),
    readTensor(detections.scores),
    readIntTensor(detections.labels),
    readIntTensor(detections.counts),
  ]);
  tf.dispose([detections.boxes, detections.scores, detections.labels, detections.counts]);
  const room = scores.length / counts.length;
  return Array.from(counts, (count, image) => ({
    boxes: boxes.slice(image * room * 4, (image * room + count) * 4),
    scores: scores.slice(image * room, image * room + count),
    labels: labels.slice(image * room, image * room + count),
  }));
}
