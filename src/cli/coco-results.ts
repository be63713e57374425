import type { Dataset } from '../data/dataset.ts';
import type { PredictedImage } from '../worker/predictor.ts';

/** One detection in COCO's results format; `bbox` is [x, y, width, height] in original pixels. */
export interface CocoResult {
  readonly image_id: number;
  readonly category_id: number;
  readonly bbox: readonly [number, number, number, number];
  readonly score: number;
}

/** Detections as pycocotools' `loadRes` reads them, images in the order given, best first within an image. */
export function cocoResults(
  { images, categoryIds }: Pick<Dataset, 'images' | 'categoryIds'>,
  detections: readonly PredictedImage[],
): CocoResult[] {
  return detections.flatMap(({ imageIndex, boxes, scores, labels }) =>
    Array.from(scores, (score, i): CocoResult => {
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = boxes.subarray(4 * i, 4 * i + 4);
      return {
        image_id: images[imageIndex]?.id ?? imageIndex + 1,
        category_id: categoryIds[labels[i] ?? 0] ?? (labels[i] ?? 0) + 1,
        bbox: [x1, y1, x2 - x1, y2 - y1],
        score,
      };
    }),
  );
}
