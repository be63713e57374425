import type { Kernel } from '../../tensor/kernel.ts';
import {
  AXIS_SAMPLING,
  EXACT_FLOAT,
  GEOMETRY_VECTORS,
  eachLevel,
  levelParams,
} from './roi-geometry.wgsl.ts';
import { LANES } from './roi-align.wgsl.ts';
import type { RoiAlignSpec } from './roi-geometry.wgsl.ts';

/** Rows and columns of pixels that one workgroup gathers. */
export const TILE = 4;
/** RoIs that one invocation tests at a time, as bits of a word. */
const ROIS_PER_LANE = 16;

/**
 * Gradient of RoIAlign by the features, gathered: nothing is scattered, so there are no atomics and the sum of a pixel
 * always has the same order (RoIs ascending, then bins by row and column). Every pixel is written, 0 where no RoI is.
 * Buffers: dy f32 [R, h, w, C], geometry (see `roiGeometryKernel`) → grad0 … gradN f32 [B, H, W, C], all levels.
 *
 * One workgroup per tile of pixels and 64 channel groups. It lists the RoIs that touch the tile, 1,024 at a time. A
 * sample's bilinear weights and the mean over the grid are products of a row's and a column's part, so for each listed
 * RoI the lanes share the computing of 1-D weights, pixel row × bin row and pixel column × bin column, and then each
 * gradient of a bin is read once for the 16 pixels. The weights alternate between two tables, which saves a barrier.
 */
export function roiAlignGradKernel(spec: RoiAlignSpec, vector: 1 | 4): Kernel {
  const { levels, binsY, binsX } = spec;
  const type = vector === 4 ? 'vec4<f32>' : 'f32';
  const table = TILE * (binsY + binsX);
  return {
    name: 'roi_align_grad',
    buffers: [
      { name: 'dy', type, access: 'read' },
      { name: 'geometry', type: 'vec4<f32>', access: 'read' },
      ...Array.from(
        { length: levels },
        (_, level) => ({ name: `grad${level}`, type, access: 'write' }) as const,
      ),
    ],
    params: [
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
      { name: 'groups', type: 'u32' },
      { name: 'chunks', type: 'u32' },
      { name: 'roiCount', type: 'u32' },
      ...levelParams(levels, ['height', 'width', 'tilesX', 'tilesPerImage', 'firstTile']),
    ],
    body: /* wgsl */ `${EXACT_FLOAT}${AXIS_SAMPLING}
struct Level {
  index: u32,
  height: u32,
  width: u32,
  tilesX: u32,
  tilesPerImage: u32,
  firstTile: u32,
}
fn levelOf(tile: u32) -> Level {
${eachLevel(levels, (ascending) => {
  const level = levels - 1 - ascending;
  const test = level === 0 ? '' : `if (tile >= params.firstTile${level}) `;
  const fields = ['height', 'width', 'tilesX', 'tilesPerImage', 'firstTile'];
  return `  ${test}{ return Level(${level}u, ${fields.map((name) => `params.${name}${level}`).join(', ')}); }`;
})}
}
fn store(level: u32, at: u32, value: ${type}) {
  switch level {
${eachLevel(levels, (level) => `    case ${level}: { grad${level}[at] = value; }`)}
    default: {}
  }
}
fn touches(roi: u32, key: f32, first: vec2<f32>) -> bool {
  let bounds = geometry[roi * ${GEOMETRY_VECTORS}u];
  let last = first + ${TILE - 1}.0;
  return geometry[roi * ${GEOMETRY_VECTORS}u + 2u].z == key
    && bounds.x <= last.x && bounds.y >= first.x && bounds.z <= last.y && bounds.w >= first.y;
}
var<workgroup> masks: array<u32, ${LANES}>;
var<workgroup> hits: array<u32, ${LANES * ROIS_PER_LANE}>;
var<workgroup> hitCount: u32;
var<workgroup> weights: array<f32, ${2 * table}>;

@compute @workgroup_size(${LANES}, 1, 1)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let item = id.x + id.y * params.rowSize;
  if (item >= params.count) { return; }
  let tile = item / params.chunks;
  let group = (item - tile * params.chunks) * ${LANES}u + lane;
  let isChannel = group < params.groups;
  let level = levelOf(tile);
  let image = (tile - level.firstTile) / level.tilesPerImage;
  let place = (tile - level.firstTile) % level.tilesPerImage;
  let top = (place / level.tilesX) * ${TILE}u;
  let left = (place % level.tilesX) * ${TILE}u;
  let key = f32(image * ${levels}u + level.index);
  let rowSpan = readersOf(top, top + ${TILE - 1}u, level.height);
  let columnSpan = readersOf(left, left + ${TILE - 1}u, level.width);
${eachCell((r, c) => `  var acc_${r}_${c} = ${type}(0.0);`)}
  for (var base = 0u; base < params.roiCount; base += ${LANES * ROIS_PER_LANE}u) {
    let own = base + lane * ${ROIS_PER_LANE}u;
    var mask = 0u;
    for (var bit = 0u; bit < ${ROIS_PER_LANE}u && own + bit < params.roiCount; bit++) {
      if (touches(own + bit, key, vec2<f32>(f32(top), f32(left)))) { mask |= 1u << bit; }
    }
    masks[lane] = mask;
    workgroupBarrier();
    var slot = 0u;
    for (var other = 0u; other < lane; other++) { slot += countOneBits(masks[other]); }
    for (; mask != 0u; mask &= mask - 1u) {
      hits[slot] = own + firstTrailingBit(mask);
      slot += 1u;
    }
    if (lane == ${LANES - 1}u) { hitCount = slot; }
    let count = workgroupUniformLoad(&hitCount);
    for (var hit = 0u; hit < count; hit++) {
      let roi = hits[hit];
      let sampling = geometry[roi * ${GEOMETRY_VECTORS}u + 1u];
      let grid = geometry[roi * ${GEOMETRY_VECTORS}u + 2u].xy;
      let rowTable = (hit & 1u) * ${table}u;
      let columnTable = rowTable + ${TILE * binsY}u;
      for (var at = lane; at < ${TILE * binsY}u; at += ${LANES}u) {
        let origin = binOrigin(sampling.x, sampling.z, at / ${TILE}u);
        weights[rowTable + at] = axisWeight(top + at % ${TILE}u, level.height, origin, sampling.z, grid.x);
      }
      for (var at = ${LANES - 1}u - lane; at < ${TILE * binsX}u; at += ${LANES}u) {
        let origin = binOrigin(sampling.y, sampling.w, at / ${TILE}u);
        weights[columnTable + at] = axisWeight(left + at % ${TILE}u, level.width, origin, sampling.w, grid.y);
      }
      workgroupBarrier();
      if (isChannel) {
        let rows = cellRange(sampling.x, sampling.z, ${binsY}.0, rowSpan.x, rowSpan.y);
        let columns = cellRange(sampling.y, sampling.w, ${binsX}.0, columnSpan.x, columnSpan.y);
        for (var binY = u32(rows.x); binY <= u32(rows.y); binY++) {
${eachOf((r) => `          let wy_${r} = weights[rowTable + binY * ${TILE}u + ${r}u];`)}
          for (var binX = u32(columns.x); binX <= u32(columns.y); binX++) {
            let value = dy[((roi * ${binsY}u + binY) * ${binsX}u + binX) * params.groups + group];
${eachOf((c) => `            let wx_${c} = weights[columnTable + binX * ${TILE}u + ${c}u] * value;`)}
${eachCell((r, c) => `            acc_${r}_${c} += wy_${r} * wx_${c};`)}
          }
        }
      }
    }
    workgroupBarrier();
  }
  if (!isChannel) { return; }
${eachCell(
  (r, c) => `  if (top + ${r}u < level.height && left + ${c}u < level.width) {
    let pixel = (image * level.height + top + ${r}u) * level.width + left + ${c}u;
    store(level.index, pixel * params.groups + group, acc_${r}_${c});
  }`,
)}
}`,
  };
}

function eachOf(line: (index: number) => string): string {
  return Array.from({ length: TILE }, (_, index) => line(index)).join('\n');
}

function eachCell(line: (row: number, column: number) => string): string {
  return eachOf((row) => eachOf((column) => line(row, column)));
}
