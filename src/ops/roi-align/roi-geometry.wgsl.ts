import type { Kernel } from '../../tensor/kernel.ts';

export const WORKGROUP_SIZE = 64;

/** Most samples per bin and axis; an adaptive grid would have more only in bins of more than 4,096 pixels. */
export const MAX_GRID = 4096;

/** What the kernels of one RoIAlign have in common; all of it is part of their text. */
export interface RoiAlignSpec {
  /** Number of feature levels, 1 … 5. */
  readonly levels: number;
  readonly binsY: number;
  readonly binsX: number;
  /** Samples per bin and axis; 0 = adaptive. */
  readonly samplingRatio: number;
  readonly aligned: boolean;
}

/** WGSL lines, one for each level. */
export function eachLevel(levels: number, line: (level: number) => string): string {
  return Array.from({ length: levels }, (_, level) => line(level)).join('\n');
}

/** Parameters that each level has of its own: `NAME0`, `NAME1`, … */
export function levelParams(
  levels: number,
  names: readonly string[],
  type: 'u32' | 'f32' = 'u32',
): Kernel['params'] {
  return Array.from({ length: levels }, (_, level) =>
    names.map((name) => ({ name: `${name}${level}`, type })),
  ).flat();
}

/**
 * Arithmetic that gives the same float32 on every GPU as on a CPU. Where a sample lies on the map's very edge, the last
 * bit decides whether it counts, and ⌈14 / 7⌉ must not become three samples.
 *
 * - `rounded(x)`: keeps a product from being fused with the sum after it, which WGSL allows.
 * - `divide(x, n)`: x / n rounded to nearest, where WGSL allows an error of 2.5 units in the last place. The remainder
 *   x − q·n is exact because q is split in two halves of 12 bits; n is a whole number up to 4,096.
 */
export const EXACT_FLOAT = /* wgsl */ `
fn rounded(value: f32) -> f32 {
  return clamp(value, -1e30, 1e30);
}
fn divide(value: f32, by: f32) -> f32 {
  let size = abs(value);
  var quotient = size / by;
  if (size < 1e-30) { return sign(value) * quotient; }
  for (var step = 0; step < 3; step++) {
    let bits = bitcast<u32>(quotient);
    let high = bitcast<f32>(bits & 0xfffff000u);
    let rest = (size - high * by) - (quotient - high) * by;
    let above = bitcast<f32>(bits + 1u);
    let below = bitcast<f32>(bits - 1u);
    if (rest > (above - quotient) * by * 0.5) {
      quotient = above;
    } else if (rest < (below - quotient) * by * 0.5) {
      quotient = below;
    } else {
      break;
    }
  }
  return select(quotient, -quotient, value < 0.0);
}`;

/**
 * `extentOf(level)`, height and width, and `readRoi(r)`: where RoI r is sampled, as torchvision's `roi_align` computes it
 * in float32, in the same order. Vectors are (y, x) in pixels of the RoI's level. Needs the buffers `rois` and `roiLevels`
 * and the parameters `batch`, `height0`, `width0`, `scale0`, … A RoI is present when its level and image exist, its
 * coordinates are finite and each bin has a sample.
 */
export function roiGeometry(spec: RoiAlignSpec): string {
  const { levels, binsY, binsX, samplingRatio, aligned } = spec;
  return /* wgsl */ `${EXACT_FLOAT}
struct Roi {
  present: bool,
  level: u32,
  image: u32,
  start: vec2<f32>,
  bin: vec2<f32>,
  grid: vec2<f32>,
}
fn isFinite(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}
fn scaleOf(level: i32) -> f32 {
  switch level {
${eachLevel(levels, (level) => `    case ${level}: { return params.scale${level}; }`)}
    default: { return 1.0; }
  }
}
fn extentOf(level: u32) -> vec2<u32> {
  switch level {
${eachLevel(levels, (level) => `    case ${level}: { return vec2<u32>(params.height${level}, params.width${level}); }`)}
    default: { return vec2<u32>(0u); }
  }
}
fn readRoi(index: u32) -> Roi {
  var roi: Roi;
  let at = index * 5u;
  let level = roiLevels[index];
  let image = rois[at];
  let inBatch = isFinite(image) && trunc(image) >= 0.0 && trunc(image) < f32(params.batch);
  if (level < 0 || level >= ${levels} || !inBatch) { return roi; }
  let offset = vec2<f32>(${aligned ? '0.5' : '0.0'});
  let scale = scaleOf(level);
  let topLeft = vec2<f32>(rois[at + 2u], rois[at + 1u]) * scale;
  let bottomRight = vec2<f32>(rois[at + 4u], rois[at + 3u]) * scale;
  roi.start = vec2<f32>(rounded(topLeft.x), rounded(topLeft.y)) - offset;
  let end = vec2<f32>(rounded(bottomRight.x), rounded(bottomRight.y)) - offset;
  var size = end - roi.start;
  if (!isFinite(topLeft.x) || !isFinite(topLeft.y)) { return roi; }
  if (!isFinite(bottomRight.x) || !isFinite(bottomRight.y)) { return roi; }
  ${aligned ? '' : 'size = max(size, vec2<f32>(1.0));'}
  roi.bin = vec2<f32>(divide(size.x, ${binsY}.0), divide(size.y, ${binsX}.0));
  roi.grid = ${
    samplingRatio > 0
      ? `vec2<f32>(${samplingRatio}.0)`
      : `min(ceil(roi.bin), vec2<f32>(${MAX_GRID}.0))`
  };
  roi.present = roi.grid.x >= 1.0 && roi.grid.y >= 1.0;
  roi.level = u32(level);
  roi.image = u32(trunc(image));
  return roi;
}`;
}

/**
 * Functions along one axis, in pixels of a level. `extent` is the level's height or width. After {@link EXACT_FLOAT}.
 *
 * - `binOrigin(start, bin, index)`: where a bin of a RoI begins.
 * - `samplePosition(origin, bin, grid, i)`: of sample i of the bin that begins at `origin`.
 * - `bilinear(position, extent)`: the two pixels it reads and their weights. Outside [−1, extent] nothing is read; up to
 *   a pixel beyond the edge, the edge itself is.
 * - `cellRange(origin, step, count, low, high)`: first and last of `count` cells of size `step` that may hold a position
 *   in [low, high]. Never too few: a slack covers the rounding. What keeps every loop short, however large the RoI.
 * - `readersOf(first, last, extent)`: positions whose samples read any of these pixels.
 * - `pixelsOf(origin, bin, grid, extent)`: first and last pixel that the samples of a bin may read; never too few.
 * - `axisWeight(pixel, extent, origin, bin, grid)`: mean, over the samples of a bin, of the weight with which they read a
 *   pixel; 0 beyond the extent.
 */
export const AXIS_SAMPLING = /* wgsl */ `
struct Bilinear {
  inside: bool,
  low: u32,
  high: u32,
  weightLow: f32,
  weightHigh: f32,
}
fn samplePosition(origin: f32, bin: f32, grid: f32, sample: i32) -> f32 {
  return origin + divide((f32(sample) + 0.5) * bin, grid);
}
fn binOrigin(start: f32, bin: f32, index: u32) -> f32 {
  return start + rounded(f32(index) * bin);
}
fn bilinear(position: f32, extent: u32) -> Bilinear {
  if (position < -1.0 || position > f32(extent)) { return Bilinear(); }
  let clamped = max(position, 0.0);
  let low = u32(clamped);
  if (low >= extent - 1u) { return Bilinear(true, extent - 1u, extent - 1u, 1.0, 0.0); }
  let fraction = clamped - f32(low);
  return Bilinear(true, low, low + 1u, 1.0 - fraction, fraction);
}
fn cellRange(origin: f32, step: f32, count: f32, low: f32, high: f32) -> vec2<i32> {
  if (count <= 4.0 || abs(step) < 1e-12) { return vec2<i32>(0, i32(count) - 1); }
  let slack = 0.0625 + 1e-6 * (abs(origin) + abs(step) * count);
  let a = (low - slack - origin) / step;
  let b = (high + slack - origin) / step;
  let cells = floor(vec2<f32>(min(a, b), max(a, b)));
  return vec2<i32>(clamp(cells, vec2<f32>(0.0), vec2<f32>(count - 1.0)));
}
fn readersOf(first: u32, last: u32, extent: u32) -> vec2<f32> {
  return vec2<f32>(f32(first) - 1.0, f32(min(last + 1u, extent)));
}
fn pixelsOf(origin: f32, bin: f32, grid: f32, extent: u32) -> vec2<u32> {
  let inset = 0.5 * bin / grid;
  let slack = 0.0625 + 1e-6 * (abs(origin) + abs(bin));
  let ends = vec2<f32>(origin + inset, origin + bin - inset);
  let pixels = floor(vec2<f32>(min(ends.x, ends.y) - slack, max(ends.x, ends.y) + slack + 1.0));
  return vec2<u32>(clamp(pixels, vec2<f32>(0.0), vec2<f32>(f32(extent) - 1.0)));
}
fn axisWeight(pixel: u32, extent: u32, origin: f32, bin: f32, grid: f32) -> f32 {
  let readers = readersOf(pixel, pixel, extent);
  let range = cellRange(origin, bin / grid, grid, readers.x, readers.y);
  var sum = 0.0;
  for (var sample = range.x; sample <= range.y; sample++) {
    let read = bilinear(samplePosition(origin, bin, grid, sample), extent);
    sum += select(0.0, read.weightLow, read.inside && read.low == pixel);
    sum += select(0.0, read.weightHigh, read.inside && read.high == pixel);
  }
  return sum / grid;
}`;

/** vec4s per RoI in the result of {@link roiGeometryKernel}. */
export const GEOMETRY_VECTORS = 3;

/**
 * Where each RoI is sampled, for the gradient. Buffers: rois f32 [R, 5], roiLevels i32 [R] → geometry f32 [R, 3, 4]:
 * (first row, last row, first column, last column) that it may touch; (start y, x, bin height, width); (grid y, x, key,
 * 0) with key = image · levels + level, or −1 for a RoI that touches nothing. One invocation per RoI.
 */
export function roiGeometryKernel(spec: RoiAlignSpec): Kernel {
  const { levels, binsY, binsX } = spec;
  return {
    name: 'roi_geometry',
    buffers: [
      { name: 'rois', type: 'f32', access: 'read' },
      { name: 'roiLevels', type: 'i32', access: 'read' },
      { name: 'geometry', type: 'vec4<f32>', access: 'write' },
    ],
    params: [
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
      { name: 'batch', type: 'u32' },
      ...levelParams(levels, ['height', 'width']),
      ...levelParams(levels, ['scale'], 'f32'),
    ],
    body: /* wgsl */ `${roiGeometry(spec)}
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let roi = readRoi(index);
  let extent = vec2<f32>(extentOf(roi.level));
  let end = roi.start + roi.bin * vec2<f32>(${binsY}.0, ${binsX}.0);
  let slack = 0.0625 + 1e-6 * (abs(roi.start) + abs(end));
  let low = min(roi.start, end) - slack;
  let high = max(roi.start, end) + slack;
  let touches = roi.present && all(high >= vec2<f32>(-1.0)) && all(low <= extent);
  let first = clamp(floor(low), vec2<f32>(0.0), extent - 1.0);
  let last = clamp(floor(high) + 1.0, vec2<f32>(0.0), extent - 1.0);
  let key = select(-1.0, f32(roi.image * ${levels}u + roi.level), touches);
  geometry[index * ${GEOMETRY_VECTORS}u] = vec4<f32>(first.x, last.x, first.y, last.y);
  geometry[index * ${GEOMETRY_VECTORS}u + 1u] = vec4<f32>(roi.start, roi.bin);
  geometry[index * ${GEOMETRY_VECTORS}u + 2u] = vec4<f32>(roi.grid, key, 0.0);
}`,
  };
}
