import { rng } from '../../base/rng.ts';
import { variedValues } from '../host/varied-values.ts';
import type { RoiAlignShape } from './roi-align.reference.ts';

/** A test case of `roiAlign`. */
export interface RoiAlignCase {
  readonly name: string;
  readonly shape: RoiAlignShape;
  /** Values of each level, [B, H, W, C]. */
  readonly features: readonly Float32Array<ArrayBuffer>[];
  /** [R, 5] */
  readonly rois: Float32Array<ArrayBuffer>;
  readonly roiLevels: readonly number[];
  /** [R, h, w, C] */
  readonly dy: Float32Array<ArrayBuffer>;
  readonly y?: ArrayLike<number>;
  readonly grads?: readonly ArrayLike<number>[];
  /** Of the known results, absolute. Default 1e-5. */
  readonly tolerance?: number;
}

/** What a case's shape may leave out. */
type CaseShape = Partial<RoiAlignShape> & Pick<RoiAlignShape, 'levels'>;

/** A case with varied features and upstream gradient; all RoIs on level 0 unless said otherwise. */
export function roiAlignCase(
  name: string,
  options: CaseShape,
  rois: readonly (readonly number[])[],
  roiLevels: readonly number[] = rois.map(() => 0),
): RoiAlignCase {
  const shape: RoiAlignShape = {
    batch: 1,
    channels: 4,
    outputSize: [7, 7],
    samplingRatio: 0,
    aligned: true,
    ...options,
  };
  const { batch, channels, levels, outputSize } = shape;
  return {
    name,
    shape,
    features: levels.map(({ height, width }, level) =>
      variedValues(batch * height * width * channels, level + 1),
    ),
    rois: Float32Array.from(rois.flat()),
    roiLevels,
    dy: variedValues(rois.length * outputSize[0] * outputSize[1] * channels, 9),
  };
}

/** Four levels of an input of 128 × 180 pixels, none a multiple of a tile. */
export const PYRAMID = [
  { height: 32, width: 45, spatialScale: 1 / 4 },
  { height: 16, width: 23, spatialScale: 1 / 8 },
  { height: 8, width: 12, spatialScale: 1 / 16 },
  { height: 4, width: 6, spatialScale: 1 / 32 },
];

/** RoIs of all sizes in and around an input of 128 × 180 pixels; some on whole and half pixels. */
export function randomRois(seed: number, count: number, batch: number): number[][] {
  const random = rng(seed);
  return Array.from({ length: count }, () => {
    const step = [1, 0.5, 2 ** -10][random.int(0, 3)] ?? 1;
    const coordinate = (low: number, high: number): number =>
      Math.round((low + random.float() * (high - low)) / step) * step;
    const [x, y] = [coordinate(-20, 180), coordinate(-20, 128)];
    const size = 2 ** (random.float() * 8);
    const ratio = 2 ** (random.float() * 2 - 1);
    return [
      random.int(0, batch),
      x,
      y,
      x + coordinate(0, size * ratio),
      y + coordinate(0, size / ratio),
    ];
  });
}

/** Every RoI on a level drawn at random; some on none. */
export function randomLevels(seed: number, count: number, levels: number): number[] {
  const random = rng(seed);
  return Array.from({ length: count }, () => random.int(-1, levels));
}
