/** One feature level, NHWC. */
export interface FeatureLevel {
  readonly height: number;
  readonly width: number;
  /** Pixels of the level per input pixel. */
  readonly spatialScale: number;
}

/** Sizes and options of one RoIAlign. */
export interface RoiAlignShape {
  readonly batch: number;
  readonly channels: number;
  readonly levels: readonly FeatureLevel[];
  readonly outputSize: readonly [height: number, width: number];
  readonly samplingRatio: number;
  readonly aligned: boolean;
}

/** Two pixels of an axis and the weights with which a sample reads them. */
interface Sample {
  readonly pixels: readonly [low: number, high: number];
  readonly weights: readonly [low: number, high: number];
}

/** A RoI along one axis, in pixels of its level. */
interface Side {
  readonly start: number;
  readonly bin: number;
  readonly grid: number;
}

const { fround } = Math;
/** As the kernels. */
const MAX_GRID = 4096;

/**
 * Slow twin of `roiAlign` and of its gradient, by torchvision's CPU kernel (`roi_align_kernel.cpp`, whose semantics
 * mmcv shares): positions in float32, sums in float64.
 *
 * @param features values of each level, [B, H, W, C]
 * @param rois [R, 5]
 * @param roiLevels [R]
 * @param dy [R, h, w, C]; empty = no gradient wanted
 * @returns y [R, h, w, C] and the gradient of each level
 */
export function roiAlignReference(
  shape: RoiAlignShape,
  features: readonly ArrayLike<number>[],
  rois: Float32Array,
  roiLevels: ArrayLike<number>,
  dy: ArrayLike<number>,
): { readonly y: Float64Array; readonly grads: readonly Float64Array[] } {
  const { batch, channels, levels, outputSize } = shape;
  const [binsY, binsX] = outputSize;
  const y = new Float64Array(roiLevels.length * binsY * binsX * channels);
  const grads = levels.map(
    ({ height, width }) => new Float64Array(batch * height * width * channels),
  );
  for (let roi = 0; roi < roiLevels.length; roi++) {
    const at = roiLevels[roi] ?? -1;
    const level = levels[at];
    const feature = features[at];
    const grad = grads[at];
    const [first = Number.NaN, x1 = 0, y1 = 0, x2 = 0, y2 = 0] = rois.subarray(roi * 5);
    const image = Math.trunc(first);
    if (!level || !feature || !grad || !(image >= 0 && image < batch)) continue;
    const sideY = roiSide(y1, y2, level.spatialScale, binsY, shape);
    const sideX = roiSide(x1, x2, level.spatialScale, binsX, shape);
    const count = Math.max(sideY.grid * sideX.grid, 1);
    for (let binY = 0; binY < binsY; binY++) {
      const rows = samplesOf(sideY, binY, level.height);
      for (let binX = 0; binX < binsX; binX++) {
        const columns = samplesOf(sideX, binX, level.width);
        const out = ((roi * binsY + binY) * binsX + binX) * channels;
        for (const row of rows)
          for (const column of columns)
            for (const corner of [0, 1, 2, 3]) {
              const [down, right] = [corner >> 1, corner & 1];
              const weight = ((row.weights[down] ?? 0) * (column.weights[right] ?? 0)) / count;
              const line = image * level.height + (row.pixels[down] ?? 0);
              const pixel = (line * level.width + (column.pixels[right] ?? 0)) * channels;
              for (let c = 0; c < channels; c++) {
                y[out + c] = (y[out + c] ?? 0) + weight * (feature[pixel + c] ?? 0);
                grad[pixel + c] = (grad[pixel + c] ?? 0) + weight * (dy[out + c] ?? 0);
              }
            }
      }
    }
  }
  return { y, grads };
}

/** A grid of 0 or less means no samples: for an empty side, and for one that is not finite. */
function roiSide(
  from: number,
  to: number,
  spatialScale: number,
  bins: number,
  { samplingRatio, aligned }: Pick<RoiAlignShape, 'samplingRatio' | 'aligned'>,
): Side {
  const scale = fround(spatialScale);
  const offset = aligned ? 0.5 : 0;
  const [low, high] = [fround(from * scale), fround(to * scale)];
  if (!Number.isFinite(low) || !Number.isFinite(high)) return { start: 0, bin: 0, grid: 0 };
  const start = fround(clampHuge(low) - offset);
  const length = fround(fround(clampHuge(high) - offset) - start);
  const bin = fround((aligned ? length : Math.max(length, 1)) / bins);
  const grid = samplingRatio > 0 ? samplingRatio : Math.min(Math.ceil(bin), MAX_GRID);
  return { start, bin, grid };
}

/** Coordinates beyond 1e30 count as 1e30, so that no difference of two overflows. */
function clampHuge(value: number): number {
  return Math.min(Math.max(value, -1e30), 1e30);
}

/** The samples of one bin along one axis that read anything. */
function samplesOf({ start, bin, grid }: Side, index: number, extent: number): Sample[] {
  const samples: Sample[] = [];
  const origin = fround(start + fround(index * bin));
  for (let i = 0; i < grid; i++) {
    const position = fround(origin + fround(fround((i + 0.5) * bin) / grid));
    if (position < -1 || position > extent) continue;
    const clamped = Math.max(position, 0);
    const low = Math.min(Math.floor(clamped), extent - 1);
    if (low === extent - 1) samples.push({ pixels: [low, low], weights: [1, 0] });
    else samples.push({ pixels: [low, low + 1], weights: [1 - (clamped - low), clamped - low] });
  }
  return samples;
}
