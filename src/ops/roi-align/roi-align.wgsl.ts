import type { Kernel } from '../../tensor/kernel.ts';
import { AXIS_SAMPLING, eachLevel, levelParams, roiGeometry } from './roi-geometry.wgsl.ts';
import type { RoiAlignSpec } from './roi-geometry.wgsl.ts';

/** Channel groups that one workgroup pools, one per invocation. */
export const LANES = 64;
/** Rows and columns of pixels whose weights are at hand at a time; bins of up to 6 pixels need no more. */
const BLOCK = 8;

/**
 * RoIAlign (He et al., 2017, §3) of RoIs on several feature levels at once: the mean of the bilinear samples of a bin.
 * Buffers: feature0 … featureN f32 [B, H, W, C], rois f32 [R, 5], roiLevels i32 [R], output f32 [R, h, w, C].
 *
 * One workgroup per row of bins and 64 channel groups. The weight of a pixel in a bin is the product of a row's and a
 * column's mean bilinear weight, so the lanes share the computing of these and then read each pixel of a bin once,
 * where samples would read it several times. Pixels are added row by row.
 *
 * @param vector 4 where the channels divide
 */
export function roiAlignKernel(spec: RoiAlignSpec, vector: 1 | 4): Kernel {
  const { levels, binsY, binsX } = spec;
  const type = vector === 4 ? 'vec4<f32>' : 'f32';
  return {
    name: 'roi_align',
    buffers: [
      ...Array.from(
        { length: levels },
        (_, level) => ({ name: `feature${level}`, type, access: 'read' }) as const,
      ),
      { name: 'rois', type: 'f32', access: 'read' },
      { name: 'roiLevels', type: 'i32', access: 'read' },
      { name: 'output', type, access: 'write' },
    ],
    params: [
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
      { name: 'groups', type: 'u32' },
      { name: 'chunks', type: 'u32' },
      { name: 'batch', type: 'u32' },
      ...levelParams(levels, ['height', 'width']),
      ...levelParams(levels, ['scale'], 'f32'),
    ],
    body: /* wgsl */ `${roiGeometry(spec)}${AXIS_SAMPLING}
var<workgroup> sharedRoi: Roi;
var<workgroup> weights: array<f32, ${BLOCK * (1 + binsX)}>;

${eachLevel(levels, (level) => poolLevel(level, type))}
fn pool(level: u32, firstPixel: u32, rows: u32, columns: u32, table: u32, group: u32) -> ${type} {
  switch level {
${eachLevel(levels, (level) => `    case ${level}: { return poolLevel${level}(firstPixel, rows, columns, table, group); }`)}
    default: { return ${type}(0.0); }
  }
}
@compute @workgroup_size(${LANES}, 1, 1)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let item = id.x + id.y * params.rowSize;
  if (item >= params.count) { return; }
  let line = item / params.chunks;
  let group = (item - line * params.chunks) * ${LANES}u + lane;
  let isChannel = group < params.groups;
  if (lane == 0u) { sharedRoi = readRoi(line / ${binsY}u); }
  let roi = workgroupUniformLoad(&sharedRoi);
  if (!roi.present) {
    for (var binX = 0u; isChannel && binX < ${binsX}u; binX++) {
      output[(line * ${binsX}u + binX) * params.groups + group] = ${type}(0.0);
    }
    return;
  }
  let extent = extentOf(roi.level);
  let top = binOrigin(roi.start.x, roi.bin.x, line % ${binsY}u);
  let rows = pixelsOf(top, roi.bin.x, roi.grid.x, extent.x);
  let widest = u32(min(abs(roi.bin.y) + 4.0, f32(extent.y)));
  for (var row = rows.x; row <= rows.y; row += ${BLOCK}u) {
    for (var column = 0u; column < widest; column += ${BLOCK}u) {
      for (var at = lane; at < ${BLOCK * (1 + binsX)}u; at += ${LANES}u) {
        if (at < ${BLOCK}u) {
          weights[at] = axisWeight(row + at, extent.x, top, roi.bin.x, roi.grid.x);
        } else {
          let left = binOrigin(roi.start.y, roi.bin.y, at / ${BLOCK}u - 1u);
          let first = pixelsOf(left, roi.bin.y, roi.grid.y, extent.y).x;
          weights[at] = axisWeight(first + column + at % ${BLOCK}u, extent.y, left, roi.bin.y, roi.grid.y);
        }
      }
      workgroupBarrier();
      for (var binX = 0u; isChannel && binX < ${binsX}u; binX++) {
        let left = binOrigin(roi.start.y, roi.bin.y, binX);
        let columns = pixelsOf(left, roi.bin.y, roi.grid.y, extent.y);
        let first = columns.x + column;
        let at = (line * ${binsX}u + binX) * params.groups + group;
        var mean = ${type}(0.0);
        if (row > rows.x || column > 0u) { mean = output[at]; }
        if (first <= columns.y) {
          let firstPixel = (roi.image * extent.x + row) * extent.y + first;
          let height = min(rows.y - row + 1u, ${BLOCK}u);
          let width = min(columns.y - first + 1u, ${BLOCK}u);
          mean += pool(roi.level, firstPixel, height, width, (binX + 1u) * ${BLOCK}u, group);
        }
        output[at] = mean;
      }
      workgroupBarrier();
    }
  }
}`,
  };
}

/** The summing loop, once per level: a buffer cannot be chosen at run time without a switch at each read. */
function poolLevel(level: number, type: string): string {
  return /* wgsl */ `
fn poolLevel${level}(firstPixel: u32, rows: u32, columns: u32, table: u32, group: u32) -> ${type} {
  var sum = ${type}(0.0);
  for (var row = 0u; row < rows; row++) {
    let weightY = weights[row];
    if (weightY == 0.0) { continue; }
    var at = (firstPixel + row * params.width${level}) * params.groups + group;
    for (var column = 0u; column < columns; column++) {
      let weightX = weights[table + column];
      if (weightX != 0.0) { sum += weightY * weightX * feature${level}[at]; }
      at += params.groups;
    }
  }
  return sum;
}`;
}
