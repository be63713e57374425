import {
  anchorInsideFlagsReference,
  anchorValidFlagsReference,
} from '../../ops/anchor-valid-flags/anchor-valid-flags.reference.ts';
import { maxIouAssignReference } from '../../ops/matcher/max-iou-assign.reference.ts';
import type { AssignedImage } from '../../ops/matcher/max-iou-assign.reference.ts';
import type { MaxIouAssignOptions } from '../../ops/matcher/max-iou-assign.ts';
import type { AnchorGrid } from '../../models/task-modules/anchors/anchor-generator.ts';
import type { ReferenceParts } from './reference-detector.ts';

export interface Assigning {
  readonly options: MaxIouAssignOptions;
  /** 1: every ground truth is simply an object. */
  readonly numClasses: number;
  readonly allowedBorder: number;
}

/** Matches the anchors of every image. */
export function assignImages(
  { levels, anchors }: AnchorGrid,
  { inputs, imgShapes }: ReferenceParts,
  { options, numClasses, allowedBorder }: Assigning,
): readonly AssignedImage[] {
  const [, padHeight, padWidth] = inputs.size;
  const onFrame = anchorValidFlagsReference(levels, { height: padHeight, width: padWidth });
  return inputs.targets.map(({ boxes, labels }, image) => {
    const [height, width] = imgShapes[image] ?? [padHeight, padWidth];
    const inside = anchorInsideFlagsReference(anchors, { height, width }, allowedBorder);
    return maxIouAssignReference(
      {
        anchors,
        valid: onFrame.map((flag, index) => flag * (inside[index] ?? 0)),
        gtBoxes: boxes,
        gtLabels: numClasses === 1 ? new Int32Array(labels.length) : Int32Array.from(labels),
      },
      options,
      numClasses,
    );
  });
}

/** Positives of each image. */
export function countsOf(images: readonly { readonly assigned: readonly number[] }[]): number[] {
  return images.map(({ assigned }) => assigned.filter((gt) => gt >= 0).length);
}

/** Anchors level by level. */
export function levelAnchors({ levels, anchors }: AnchorGrid): readonly ArrayLike<number>[] {
  return levels.map(({ start, height, width, perCell }) =>
    anchors.subarray(start * 4, (start + height * width * perCell) * 4),
  );
}
