import type { Batch } from '../data/loader/batch.ts';
import type { RetinaNet } from '../models/detectors/retinanet.ts';
import { retinaPredict } from '../ops/retina-predict/retina-predict.ts';
import type { Detections } from '../ops/retina-predict/retina-predict.ts';
import { readIntTensor, readTensor } from '../tensor/read.ts';
import { tf } from '../tensor/tf.ts';
import { uploadFloats } from '../tensor/upload.ts';
import { uploadBatch } from './upload-batch.ts';

/** Detections of one image, best first; boxes in the pixels of the original image. */
export interface ImageDetections {
  /** [n, 4] xyxy */
  readonly boxes: Float32Array;
  /** [n] */
  readonly scores: Float32Array;
  /** [n] class index */
  readonly labels: Int32Array;
}

/** MMDetection's test_cfg. */
export interface TestOptions {
  readonly nmsPre: number;
  readonly minBboxSize: number;
  readonly scoreThr: number;
  readonly nmsIouThr: number;
  readonly maxPerImg: number;
}

/**
 * Runs the model in evaluation mode on a batch; boxes are divided by the scale factor before NMS, as MMDetection does.
 *
 * @returns one entry per image of the batch, in its order
 */
export async function predictBatch(
  model: RetinaNet,
  batch: Batch,
  options: TestOptions,
): Promise<readonly ImageDetections[]> {
  const detections = tf.tidy(() => ({ ...detect(model, batch, options) }));
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

function detect(model: RetinaNet, batch: Batch, options: TestOptions): Detections {
  const input = uploadBatch(batch);
  const [, height, width] = input.inputSize;
  const levels = model.forward(model.prepare(input), false);
  const scaleFactors = Float32Array.from(
    batch.metas.flatMap(({ scaleFactor }) => [...scaleFactor]),
  );
  return retinaPredict({
    clsLogitsPerLevel: levels.map(({ clsScore }) => clsScore),
    bboxPredPerLevel: levels.map(({ bboxPred }) => bboxPred),
    anchors: model.anchorsFor(model.levelSizes(height, width)).anchors,
    imgShapes: input.imgShapes,
    scaleFactors: uploadFloats(scaleFactors, [batch.metas.length, 2]),
    options: {
      scoreThr: options.scoreThr,
      nmsPre: options.nmsPre,
      minBboxSize: options.minBboxSize,
      nmsIouThreshold: options.nmsIouThr,
      maxPerImg: options.maxPerImg,
      coder: model.options.coder,
    },
  });
}
