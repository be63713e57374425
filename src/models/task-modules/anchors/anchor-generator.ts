import type { AnchorLevel, HeightWidth } from '../../../ops/anchor-valid-flags/anchor-levels.ts';
import { placeAnchors } from './place-anchors.ts';

/** What MMDetection's `AnchorGenerator` takes; lengths in input pixels. */
export interface AnchorGeneratorSpec {
  /** Per level, one number or (x, y). */
  readonly strides: readonly (number | readonly [x: number, y: number])[];
  /** Height / width of the base anchors. */
  readonly ratios: readonly number[];
  /** Either `scales`, or both octave fields. */
  readonly scales?: readonly number[] | undefined;
  readonly octaveBaseScale?: number | undefined;
  readonly scalesPerOctave?: number | undefined;
  /** Side of the unscaled square per level; the smaller stride where absent. */
  readonly baseSizes?: readonly number[] | undefined;
  /** Order of the base anchors: ratio outside, scale inside (true, the default), or the other way round. */
  readonly scaleMajor?: boolean | undefined;
  /** Centre of the base anchors per level (x, y); not together with a `centerOffset` other than 0. */
  readonly centers?: readonly (readonly [x: number, y: number])[] | undefined;
  /** Centre of the base anchors as a share of the base size; 0 puts them on the cell's corner. */
  readonly centerOffset?: number | undefined;
}

/** All anchors of one input size. */
export interface AnchorGrid {
  readonly levels: readonly AnchorLevel[];
  /** xyxy, input pixels, [N, 4]; not clipped and not rounded. */
  readonly anchors: Float32Array<ArrayBuffer>;
}

const { fround } = Math;

/**
 * Base anchors of each level, xyxy around their centre, [A, 4]. Follows `AnchorGenerator.gen_base_anchors` of
 * MMDetection 3.x operation by operation in float32, so the numbers are PyTorch's bit for bit.
 *
 * @throws Error when the spec contradicts itself
 */
export function baseAnchors(spec: AnchorGeneratorSpec): Float32Array<ArrayBuffer>[] {
  const { strides, baseSizes, centers, centerOffset = 0 } = spec;
  if (baseSizes !== undefined && baseSizes.length !== strides.length) {
    throw new Error(`baseAnchors: ${strides.length} strides but ${baseSizes.length} base sizes`);
  }
  if (centers !== undefined && centers.length !== strides.length) {
    throw new Error(`baseAnchors: ${strides.length} strides but ${centers.length} centers`);
  }
  if (centers !== undefined && centerOffset !== 0) {
    throw new Error('baseAnchors: give centers or centerOffset, not both');
  }
  if (centerOffset < 0 || centerOffset > 1) {
    throw new Error(`baseAnchors: centerOffset must be in [0, 1], got ${centerOffset}`);
  }
  const shapes = relativeShapes(spec);
  return strides.map((stride, level) => {
    const baseSize = baseSizes?.[level] ?? Math.min(...strideOf(stride));
    const [centerX, centerY] = centers?.[level] ?? [
      centerOffset * baseSize,
      centerOffset * baseSize,
    ];
    return Float32Array.from(
      shapes.flatMap(({ widthRatio, heightRatio, scale }) => {
        const halfWidth = fround(0.5 * fround(fround(baseSize * widthRatio) * scale));
        const halfHeight = fround(0.5 * fround(fround(baseSize * heightRatio) * scale));
        return [
          centerX - halfWidth,
          centerY - halfHeight,
          centerX + halfWidth,
          centerY + halfHeight,
        ];
      }),
    );
  });
}

interface RelativeShape {
  readonly widthRatio: number;
  readonly heightRatio: number;
  readonly scale: number;
}

function relativeShapes(spec: AnchorGeneratorSpec): RelativeShape[] {
  const scales = scalesOf(spec).map(fround);
  const ratios = spec.ratios.map((ratio) => {
    const heightRatio = fround(Math.sqrt(fround(ratio)));
    return { heightRatio, widthRatio: fround(1 / heightRatio) };
  });
  if (spec.scaleMajor ?? true) {
    return ratios.flatMap((ratio) => scales.map((scale) => ({ ...ratio, scale })));
  }
  return scales.flatMap((scale) => ratios.map((ratio) => ({ ...ratio, scale })));
}

function scalesOf({ scales, octaveBaseScale, scalesPerOctave }: AnchorGeneratorSpec): number[] {
  const octave = octaveBaseScale !== undefined && scalesPerOctave !== undefined;
  if (octave === (scales !== undefined)) {
    throw new Error(
      'baseAnchors: give either scales, or octaveBaseScale together with scalesPerOctave',
    );
  }
  if (scales !== undefined) return [...scales];
  if (octaveBaseScale === undefined || scalesPerOctave === undefined) return [];
  return Array.from(
    { length: scalesPerOctave },
    (_, step) => octaveBaseScale * 2 ** (step / scalesPerOctave),
  );
}

function strideOf(stride: number | readonly [number, number]): readonly [number, number] {
  return typeof stride === 'number' ? [stride, stride] : stride;
}

/**
 * The anchors of all levels for feature maps of the given sizes, level after level, in the order (y, x, base anchor).
 *
 * @throws Error when the number of feature maps is not that of the strides, or the spec contradicts itself
 */
export function anchorGrid(
  spec: AnchorGeneratorSpec,
  featureSizes: readonly HeightWidth[],
): AnchorGrid {
  if (featureSizes.length !== spec.strides.length) {
    throw new Error(
      `anchorGrid: ${spec.strides.length} strides but ${featureSizes.length} feature maps`,
    );
  }
  const bases = baseAnchors(spec);
  const levels: AnchorLevel[] = [];
  let start = 0;
  for (const [index, { height, width }] of featureSizes.entries()) {
    const perCell = (bases[index]?.length ?? 0) / 4;
    const [strideX, strideY] = strideOf(spec.strides[index] ?? 0);
    levels.push({ start, height, width, perCell, strideX, strideY });
    start += height * width * perCell;
  }
  return { levels, anchors: placeAnchors(levels, bases) };
}
