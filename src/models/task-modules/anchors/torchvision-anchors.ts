import type { AnchorLevel, HeightWidth } from '../../../ops/anchor-valid-flags/anchor-levels.ts';
import type { AnchorGrid } from './anchor-generator.ts';
import { placeAnchors } from './place-anchors.ts';

/** What torchvision's `AnchorGenerator` takes; lengths in input pixels. */
export interface TorchvisionAnchorSpec {
  /** Anchor sides of each level. */
  readonly sizes: readonly (readonly number[])[];
  /** Height / width, the same for all levels. */
  readonly ratios: readonly number[];
}

const { fround } = Math;

/** Rounds half to even, as `torch.round` does. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * Base anchors of each level, xyxy around (0, 0), [A, 4], ratio-major (torchvision 0.14
 * `AnchorGenerator.generate_anchors`): rounded to whole pixels, unlike MMDetection's.
 */
export function torchvisionBaseAnchors({
  sizes,
  ratios,
}: TorchvisionAnchorSpec): Float32Array<ArrayBuffer>[] {
  const shapes = ratios.map((ratio) => {
    const heightRatio = fround(Math.sqrt(fround(ratio)));
    return { heightRatio, widthRatio: fround(1 / heightRatio) };
  });
  return sizes.map((level) =>
    Float32Array.from(
      shapes.flatMap(({ heightRatio, widthRatio }) =>
        level.flatMap((size) => {
          const halfWidth = fround(fround(widthRatio * fround(size)) / 2);
          const halfHeight = fround(fround(heightRatio * fround(size)) / 2);
          return [-halfWidth, -halfHeight, halfWidth, halfHeight].map(roundHalfToEven);
        }),
      ),
    ),
  );
}

/**
 * The anchors of all levels in the order (y, x, base anchor), as torchvision lays them: the stride of a level is the
 * padded input's size divided by the map's, rounded down, so uneven sizes shift the grid.
 *
 * @throws Error when the number of feature maps is not that of the sizes
 */
export function torchvisionAnchorGrid(
  spec: TorchvisionAnchorSpec,
  featureSizes: readonly HeightWidth[],
  input: HeightWidth,
): AnchorGrid {
  if (featureSizes.length !== spec.sizes.length) {
    throw new Error(
      `torchvisionAnchorGrid: ${spec.sizes.length} levels of sizes but ${featureSizes.length} feature maps`,
    );
  }
  const bases = torchvisionBaseAnchors(spec);
  const levels: AnchorLevel[] = [];
  let start = 0;
  for (const [index, { height, width }] of featureSizes.entries()) {
    const perCell = (bases[index]?.length ?? 0) / 4;
    const strideX = Math.floor(input.width / width);
    const strideY = Math.floor(input.height / height);
    levels.push({ start, height, width, perCell, strideX, strideY });
    start += height * width * perCell;
  }
  return { levels, anchors: placeAnchors(levels, bases) };
}
