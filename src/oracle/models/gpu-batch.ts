import type { DetectionBatch } from '../../models/detectors/detector.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor4D } from '../../tensor/tf.ts';
import { uploadBytes, uploadInts } from '../../tensor/upload.ts';
import { floats, ints } from '../on-gpu.ts';
import { mapTensor } from '../ops/differentiated.ts';
import type { ModelInputs } from './model-under-test.ts';

/** A fixture's inputs on the GPU; the caller disposes of them. */
export function uploadInputs(inputs: ModelInputs): DetectionBatch {
  const batch = tf.tidy(() => uploadTensors(inputs));
  return { ...batch, inputSize: inputs.size, gtIgnore: null };
}

function uploadTensors({ size, images, imgShapes, targets }: ModelInputs) {
  const [count, height, width] = size;
  const perImage = (pairs: readonly (readonly [number, number])[]) =>
    uploadInts(Int32Array.from(pairs.flat()), [count, 2]).as2D(count, 2);
  const frame = targets.map(() => [height, width] as const);
  // A batch has room for at least one ground truth.
  const rows = Math.max(1, ...targets.map(({ labels }) => labels.length));
  const boxes = new Float32Array(count * rows * 4);
  const labels = new Int32Array(count * rows);
  for (const [image, target] of targets.entries()) {
    boxes.set(target.boxes, image * rows * 4);
    labels.set(target.labels, image * rows);
  }
  return {
    bytes: uploadBytes(packedPixels(size, images ?? [])),
    imgShapes: perImage(
      images?.map((image) => [image.height, image.width] as const) ?? imgShapes ?? frame,
    ),
    padShapes: perImage(frame),
    batchShapes: perImage(frame),
    gtBoxes: floats(boxes, [count, rows, 4]).as3D(count, rows, 4),
    gtLabels: ints(labels, [count, rows]).as2D(count, rows),
    gtCounts: ints(
      targets.map((target) => target.labels.length),
      [count],
    ),
    randomKey: ints([0, 0], [2]),
  };
}

/** The images in the top left corners of their frames. */
function packedPixels(
  [count, height, width]: ModelInputs['size'],
  images: NonNullable<ModelInputs['images']>,
): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(count * height * width * 3);
  for (const [index, image] of images.entries()) {
    for (let row = 0; row < image.height; row++) {
      const from = row * image.width * 3;
      const to = (index * height + row) * width * 3;
      packed.set(image.data.subarray(from, from + image.width * 3), to);
    }
  }
  return packed;
}

/** The normalised images where a fixture has nothing else, kept until disposed of. */
export function uploadNormalised({ images, normalised }: ModelInputs): Tensor4D | null {
  if (images !== null) return null;
  if (normalised === null) throw new Error('the fixture has neither images nor normalised inputs');
  return tf.tidy(() => tf.keep(mapTensor(normalised)));
}
