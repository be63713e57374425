import type { Kernel } from '../../tensor/kernel.ts';
import {
  AXIS_SAMPLING,
  WORKGROUP_SIZE,
  eachLevel,
  levelParams,
  roiGeometry,
} from './roi-geometry.wgsl.ts';
import type { RoiAlignSpec } from './roi-geometry.wgsl.ts';

/**
 * RoIAlign (He et al., 2017, §3) of RoIs on several feature levels at once: the mean of the bilinear samples of a bin.
 * Buffers: feature0 … featureN f32 [B, H, W, C], rois f32 [R, 5], roiLevels i32 [R], output f32 [R, h, w, C].
 * One invocation per bin and channel group, so that neighbours read neighbouring channels. Samples are added row by row.
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
      { name: 'batch', type: 'u32' },
      ...levelParams(levels, ['height', 'width']),
      ...levelParams(levels, ['scale'], 'f32'),
    ],
    body: /* wgsl */ `${roiGeometry(spec)}${AXIS_SAMPLING}
${eachLevel(levels, (level) => poolLevel(level, type))}
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let cell = index / params.groups;
  let group = index - cell * params.groups;
  let binX = cell % ${binsX}u;
  let binY = (cell / ${binsX}u) % ${binsY}u;
  let roi = readRoi(cell / ${binsX * binsY}u);
  var mean = ${type}(0.0);
  if (roi.present) {
    let origin = vec2<f32>(
      binOrigin(roi.start.x, roi.bin.x, binY),
      binOrigin(roi.start.y, roi.bin.y, binX),
    );
    switch roi.level {
${eachLevel(levels, (level) => `      case ${level}: { mean = poolLevel${level}(roi, origin, group); }`)}
      default: {}
    }
  }
  output[index] = mean;
}`,
  };
}

/** The sampling loop, once per level: a buffer cannot be chosen at run time without a switch at each read. */
function poolLevel(level: number, type: string): string {
  const feature = `feature${level}`;
  return /* wgsl */ `
fn poolLevel${level}(roi: Roi, origin: vec2<f32>, group: u32) -> ${type} {
  let height = params.height${level};
  let width = params.width${level};
  let image = roi.image * height;
  let step = roi.bin / roi.grid;
  let rows = cellRange(origin.x, step.x, roi.grid.x, -1.0, f32(height));
  let columns = cellRange(origin.y, step.y, roi.grid.y, -1.0, f32(width));
  var sum = ${type}(0.0);
  for (var iy = rows.x; iy <= rows.y; iy++) {
    let y = bilinear(samplePosition(origin.x, roi.bin.x, roi.grid.x, iy), height);
    if (!y.inside) { continue; }
    let low = (image + y.low) * width;
    let high = (image + y.high) * width;
    for (var ix = columns.x; ix <= columns.y; ix++) {
      let x = bilinear(samplePosition(origin.y, roi.bin.y, roi.grid.y, ix), width);
      if (!x.inside) { continue; }
      sum += y.weightLow * x.weightLow * ${feature}[(low + x.low) * params.groups + group]
        + y.weightLow * x.weightHigh * ${feature}[(low + x.high) * params.groups + group]
        + y.weightHigh * x.weightLow * ${feature}[(high + x.low) * params.groups + group]
        + y.weightHigh * x.weightHigh * ${feature}[(high + x.high) * params.groups + group];
    }
  }
  return sum / (roi.grid.x * roi.grid.y);
}`;
}
