import { FLAG_IGNORE } from './dataset.ts';
import type { Dataset } from './dataset.ts';

/**
 * The dataset with boxes narrower or lower than `minSize` pixels marked as ignored (MMDetection's
 * filter_cfg.bbox_min_size of XMLDataset; training only). The dataset itself is left as it is.
 */
export function withMinBoxSize(dataset: Dataset, minSize: number): Dataset {
  if (minSize <= 0) return dataset;
  const { annotations } = dataset;
  const flags = annotations.flags.map((flag, i) => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = annotations.boxes.subarray(i * 4, i * 4 + 4);
    return Math.min(x2 - x1, y2 - y1) < minSize ? flag | FLAG_IGNORE : flag;
  });
  return { ...dataset, annotations: { ...annotations, flags } };
}
