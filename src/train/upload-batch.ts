import type { DetectionBatch, IgnoredBoxes, ImageBatch } from '../models/detectors/detector.ts';
import type { Batch } from '../data/loader/batch.ts';
import { uploadBytes, uploadFloats, uploadInts } from '../tensor/upload.ts';

/** Numbers of a random key stay below this, so that they are exact in every number format they pass through. */
const KEY_LIMIT = 2 ** 24;

/** The images of a host batch as GPU tensors, one write each. The caller disposes of them (tidy). */
export function uploadImages(batch: Batch): ImageBatch {
  const [height, width] = batch.inputSize;
  const count = batch.gtCounts.length;
  return {
    bytes: uploadBytes(batch.images),
    inputSize: [count, height, width],
    imgShapes: uploadInts(batch.imgShapes, [count, 2]).as2D(count, 2),
    padShapes: uploadInts(batch.padShapes, [count, 2]).as2D(count, 2),
    batchShapes: uploadInts(batchShapes(batch.padShapes), [count, 2]).as2D(count, 2),
  };
}

/** Boxes to ignore, where the loader was asked for them. */
function uploadIgnored({ gtIgnoreBoxes, gtIgnoreCounts }: Batch): IgnoredBoxes | null {
  if (gtIgnoreBoxes === undefined || gtIgnoreCounts === undefined) return null;
  const count = gtIgnoreCounts.length;
  const room = gtIgnoreBoxes.length / 4 / count;
  return {
    boxes: uploadFloats(gtIgnoreBoxes, [count, room, 4]).as3D(count, room, 4),
    counts: uploadInts(gtIgnoreCounts, [count]),
  };
}

/** For each image the largest height and the largest width of all. */
function batchShapes(padShapes: Int32Array): Int32Array<ArrayBuffer> {
  const largest = [0, 1].map((axis) =>
    padShapes.reduce((most, side, i) => (i % 2 === axis ? Math.max(most, side) : most), 0),
  );
  return Int32Array.from(padShapes, (_, i) => largest[i % 2] ?? 0);
}

/**
 * A host batch with its ground truths, see {@link uploadImages}.
 *
 * @param seed of the run, and `step`, the 0-based iteration: what random samplers draw from
 */
export function uploadBatch(batch: Batch, seed: number, step: number): DetectionBatch {
  const count = batch.gtCounts.length;
  const maxGts = batch.gtLabels.length / count;
  return {
    ...uploadImages(batch),
    gtBoxes: uploadFloats(batch.gtBoxes, [count, maxGts, 4]).as3D(count, maxGts, 4),
    gtLabels: uploadInts(batch.gtLabels, [count, maxGts]).as2D(count, maxGts),
    gtCounts: uploadInts(batch.gtCounts, [count]),
    gtIgnore: uploadIgnored(batch),
    randomKey: uploadInts(Int32Array.of(seed % KEY_LIMIT, step % KEY_LIMIT), [2]),
  };
}
