import type { Dataset } from '../data/dataset.ts';

/** A dataset of one unlabelled image, so that a dropped picture goes through the same pipeline as a dataset's. */
export function singleImageDataset(
  name: string,
  classes: readonly string[],
  bytes: Uint8Array<ArrayBuffer>,
): Dataset {
  return {
    format: 'coco',
    name,
    classes,
    categoryIds: classes.map((_, label) => label + 1),
    images: [{ index: 0, path: name, name, id: 1, width: 0, height: 0, missing: false }],
    annotations: {
      offsets: new Uint32Array(2),
      boxes: new Float32Array(0),
      labels: new Int32Array(0),
      flags: new Uint8Array(0),
      areas: new Float32Array(0),
    },
    splits: { all: Uint32Array.of(0) },
    classCounts: classes.map(() => 0),
    problems: [],
    readImage: () => Promise.resolve(bytes),
  };
}
