/** Writes COCO's instances JSON: the inverse of what pycocotools, MMDetection's CocoDataset and this program read. */
import { FLAG_IGNORE, type Dataset } from '../../dataset.ts';
import { shortestDecimal } from '../decimal.ts';

interface CocoAnnotation {
  readonly id: number;
  readonly image_id: number;
  readonly category_id: number;
  /** x, y, width, height in pixels, from 0 */
  readonly bbox: readonly [number, number, number, number];
  readonly area: number;
  readonly iscrowd: 0 | 1;
}

/** Width or height such that origin + length reads back as the same far edge. */
function lengthFrom(origin: number, end: number): number {
  return shortestDecimal(end - origin, (written) => origin + written);
}

function cocoAnnotation(dataset: Dataset, imageId: number, k: number): CocoAnnotation {
  const { boxes, labels, flags, areas } = dataset.annotations;
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = boxes.subarray(k * 4, k * 4 + 4);
  const categoryId = dataset.categoryIds[labels[k] ?? -1];
  if (categoryId === undefined)
    throw new RangeError(`Annotation ${k} has no class of the data set.`);
  const x = shortestDecimal(x1);
  const y = shortestDecimal(y1);
  return {
    // The same id in every split's file, and never 0: COCOeval takes 0 for “not matched”.
    id: k + 1,
    image_id: imageId,
    category_id: categoryId,
    bbox: [x, y, lengthFrom(x, x2), lengthFrom(y, y2)],
    area: shortestDecimal(areas[k] ?? 0),
    iscrowd: (flags[k] ?? 0) & FLAG_IGNORE ? 1 : 0,
  };
}

/**
 * The JSON text of the images `indices`, stored under `fileNames` (by image index) below the image folder. All categories
 * are listed in label order, those without a box too. A size the data set does not know is left out.
 */
export function cocoJson(
  dataset: Dataset,
  indices: Iterable<number>,
  fileNames: readonly string[],
): string {
  const { offsets } = dataset.annotations;
  const images: object[] = [];
  const annotations: CocoAnnotation[] = [];
  for (const index of indices) {
    const entry = dataset.images[index];
    if (entry === undefined) throw new RangeError(`The data set has no image ${index}.`);
    const { id, width, height } = entry;
    const size = width > 0 && height > 0 ? { width, height } : {};
    images.push({ id, file_name: fileNames[index] ?? entry.name, ...size });
    for (let k = offsets[index] ?? 0; k < (offsets[index + 1] ?? 0); k++) {
      annotations.push(cocoAnnotation(dataset, id, k));
    }
  }
  const categories = dataset.classes.map((name, label) => ({
    id: dataset.categoryIds[label] ?? label + 1,
    name,
  }));
  return JSON.stringify({
    info: { description: dataset.name },
    licenses: [],
    images,
    annotations,
    categories,
  });
}
