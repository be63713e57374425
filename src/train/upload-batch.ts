import type { DetectionBatch } from '../models/detectors/retinanet.ts';
import type { Batch } from '../data/loader/batch.ts';
import { uploadBytes, uploadFloats, uploadInts } from '../tensor/upload.ts';

/** A host batch as GPU tensors, one write each. The caller disposes of them (tidy). */
export function uploadBatch(batch: Batch): DetectionBatch {
  const [height, width] = batch.inputSize;
  const count = batch.gtCounts.length;
  const maxGts = batch.gtLabels.length / count;
  return {
    bytes: uploadBytes(batch.images),
    inputSize: [count, height, width],
    imgShapes: uploadInts(batch.imgShapes, [count, 2]).as2D(count, 2),
    padShapes: uploadInts(batch.padShapes, [count, 2]).as2D(count, 2),
    gtBoxes: uploadFloats(batch.gtBoxes, [count, maxGts, 4]).as3D(count, maxGts, 4),
    gtLabels: uploadInts(batch.gtLabels, [count, maxGts]).as2D(count, maxGts),
    gtCounts: uploadInts(batch.gtCounts, [count]),
  };
}
