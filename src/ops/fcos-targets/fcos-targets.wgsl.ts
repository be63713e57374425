import type { Kernel, ParamSpec } from '../../tensor/kernel.ts';
import { IS_NAN } from '../box-iou/iou.wgsl.ts';

export const WORKGROUP_SIZE = 64;

/** Parameters of each level, in the order of the WGSL struct. */
const LEVEL_FIELDS = [
  ['start', 'u32'],
  ['width', 'u32'],
  ['stride', 'u32'],
  ['low', 'f32'],
  ['high', 'f32'],
  ['extent', 'f32'],
] as const;

/**
 * The ground truth of each point, and what the head should say there (MMDetection `FCOSHead._get_targets_single`).
 * Buffers: gtBoxes xyxy [B, G], gtLabels i32 [B, G], gtCounts i32 [B], batchShapes i32 [B, 2] (height, width) → labels
 * i32 [B, N], assigned i32 [B, N], distances vec4 [B, N], centerness f32 [B, N].
 * One invocation per image and point. The level table is in the parameters, so one pipeline serves every input size, and
 * the points follow from it. What decides (differences, one product, comparisons) is rounded once by IEEE rules, so the
 * assignment is PyTorch's.
 *
 * @param levels number of levels
 * @param centerSampling whether only points near the middle of a box are candidates
 */
export function fcosTargetsKernel(levels: number, centerSampling: boolean): Kernel {
  const all = Array.from({ length: levels }, (_, level) => level);
  const row = (level: number) =>
    `Level(${LEVEL_FIELDS.map(([name]) => `params.${name}${level}`).join(', ')})`;
  const region = centerSampling
    ? /* wgsl */ `
  let middle = (box.xy + box.zw) * 0.5;
  let region = vec4<f32>(max(middle - level.extent, box.xy), min(middle + level.extent, box.zw));`
    : /* wgsl */ `
  let region = box;`;
  return {
    name: 'fcos_targets',
    buffers: [
      { name: 'gtBoxes', type: 'vec4<f32>', access: 'read' },
      { name: 'gtLabels', type: 'i32', access: 'read' },
      { name: 'gtCounts', type: 'i32', access: 'read' },
      { name: 'batchShapes', type: 'i32', access: 'read' },
      { name: 'labels', type: 'i32', access: 'write' },
      { name: 'assigned', type: 'i32', access: 'write' },
      { name: 'distances', type: 'vec4<f32>', access: 'write' },
      { name: 'centerness', type: 'f32', access: 'write' },
    ],
    params: [
      ...['points', 'gtRows', 'numClasses', 'inStrides', 'count', 'rowSize'].map(
        (name): ParamSpec => ({ name, type: 'u32' }),
      ),
      ...all.flatMap((level) =>
        LEVEL_FIELDS.map(([name, type]): ParamSpec => ({ name: `${name}${level}`, type })),
      ),
    ],
    body: /* wgsl */ `${IS_NAN}
struct Level {
${LEVEL_FIELDS.map(([name, type]) => `  ${name}: ${type},`).join('\n')}
}
fn levelOf(point: u32) -> Level {
  var level = ${row(0)};
${all
  .slice(1)
  .map((level) => `  if (point >= params.start${level}) { level = ${row(level)}; }`)
  .join('\n')}
  return level;
}
fn distancesTo(box: vec4<f32>, at: vec2<f32>) -> vec4<f32> {
  return vec4<f32>(at - box.xy, box.zw - at);
}
fn isCandidate(box: vec4<f32>, at: vec2<f32>, level: Level) -> bool {
  if (anyNan(box)) { return false; }${region}
  let far = distancesTo(box, at);
  let longest = max(max(far.x, far.y), max(far.z, far.w));
  return all(distancesTo(region, at) > vec4<f32>(0.0)) && longest >= level.low && longest <= level.high;
}
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let image = index / params.points;
  let point = index % params.points;
  let level = levelOf(point);
  let cell = vec2<u32>((point - level.start) % level.width, (point - level.start) / level.width);
  let at = (vec2<f32>(cell) + 0.5) * f32(level.stride);
  // x < ceil(w / s) is x·s < w in integers.
  let corner = vec2<i32>(cell * level.stride);
  let exists = corner.x < batchShapes[2u * image + 1u] && corner.y < batchShapes[2u * image];
  let first = image * params.gtRows;
  var best = -1;
  var bestArea = 0.0;
  for (var gt = 0; exists && gt < gtCounts[image]; gt++) {
    let box = gtBoxes[first + u32(gt)];
    if (!isCandidate(box, at, level)) { continue; }
    let size = box.zw - box.xy;
    let area = size.x * size.y;
    if (best < 0 || area < bestArea) {
      best = gt;
      bestArea = area;
    }
  }
  assigned[index] = best;
  if (best < 0) {
    labels[index] = select(-1, i32(params.numClasses), exists);
    distances[index] = vec4<f32>(0.0);
    centerness[index] = 0.0;
    return;
  }
  labels[index] = gtLabels[first + u32(best)];
  let far = distancesTo(gtBoxes[first + u32(best)], at)
    / select(1.0, f32(level.stride), params.inStrides == 1u);
  distances[index] = far;
  let ratio = min(far.xy, far.zw) / max(far.xy, far.zw);
  centerness[index] = sqrt(ratio.x * ratio.y);
}`,
  };
}

const SUM_WORKGROUP_SIZE = 256;

/**
 * How many positives there are, and what FCOS's losses are divided by.
 * Buffers: assigned i32 [B, N], centerness f32 [B, N] → numPos i32 [B], positives f32 [1], centernessSum f32 [1].
 * One workgroup takes the images in order; an invocation does points lane, lane + 256, …, and the sums are added by a tree:
 * always in the same order.
 */
export const fcosSumsKernel: Kernel = {
  name: 'fcos_sums',
  buffers: [
    { name: 'assigned', type: 'i32', access: 'read' },
    { name: 'centerness', type: 'f32', access: 'read' },
    { name: 'numPos', type: 'i32', access: 'write' },
    { name: 'positives', type: 'f32', access: 'write' },
    { name: 'centernessSum', type: 'f32', access: 'write' },
  ],
  params: [
    { name: 'images', type: 'u32' },
    { name: 'points', type: 'u32' },
    { name: 'leastCenterness', type: 'f32' },
  ],
  body: /* wgsl */ `
var<workgroup> counts: array<i32, ${SUM_WORKGROUP_SIZE}>;
var<workgroup> sums: array<f32, ${SUM_WORKGROUP_SIZE}>;
@compute @workgroup_size(${SUM_WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(local_invocation_index) lane: u32) {
  var total = 0;
  var totalCenterness = 0.0;
  for (var image = 0u; image < params.images; image++) {
    var count = 0;
    var sum = 0.0;
    for (var point = lane; point < params.points; point += ${SUM_WORKGROUP_SIZE}u) {
      let index = image * params.points + point;
      count += select(0, 1, assigned[index] >= 0);
      sum += centerness[index];
    }
    counts[lane] = count;
    sums[lane] = sum;
    for (var half = ${SUM_WORKGROUP_SIZE / 2}u; half > 0u; half /= 2u) {
      workgroupBarrier();
      if (lane < half) {
        counts[lane] += counts[lane + half];
        sums[lane] += sums[lane + half];
      }
    }
    if (lane == 0u) {
      numPos[image] = counts[0];
      total += counts[0];
      totalCenterness += sums[0];
    }
    workgroupBarrier();
  }
  if (lane == 0u) {
    positives[0] = f32(max(total, 1));
    centernessSum[0] = max(totalCenterness, params.leastCenterness);
  }
}`,
};
