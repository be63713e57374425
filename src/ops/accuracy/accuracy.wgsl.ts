import type { Kernel } from '../../tensor/kernel.ts';
import { IS_NAN } from '../box-iou/iou.wgsl.ts';

const WORKGROUP_SIZE = 256;

/**
 * Share of rows whose greatest logit is their label's, in percent.
 * Buffers: logits f32 [rows, C], labels i32 [rows] (negative: not counted) → percent f32 [1].
 * One workgroup; an invocation does rows lane, lane + 256, … and the counts, integers, are added by a tree. Of equal
 * logits the first is the greatest; a row with a NaN is wrong.
 */
export const accuracyKernel: Kernel = {
  name: 'accuracy',
  buffers: [
    { name: 'logits', type: 'f32', access: 'read' },
    { name: 'labels', type: 'i32', access: 'read' },
    { name: 'percent', type: 'f32', access: 'write' },
  ],
  params: [
    { name: 'rows', type: 'u32' },
    { name: 'numClasses', type: 'u32' },
  ],
  body: /* wgsl */ `${IS_NAN}
var<workgroup> counts: array<vec2<u32>, ${WORKGROUP_SIZE}>;
fn greatest(row: u32) -> i32 {
  let first = row * params.numClasses;
  var best = 0u;
  for (var c = 0u; c < params.numClasses; c++) {
    if (isNan(logits[first + c])) { return -1; }
    if (logits[first + c] > logits[first + best]) { best = c; }
  }
  return i32(best);
}
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(local_invocation_index) lane: u32) {
  var count = vec2<u32>(0u);
  for (var row = lane; row < params.rows; row += ${WORKGROUP_SIZE}u) {
    if (labels[row] >= 0) { count += vec2<u32>(u32(greatest(row) == labels[row]), 1u); }
  }
  counts[lane] = count;
  for (var half = ${WORKGROUP_SIZE / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { counts[lane] += counts[lane + half]; }
  }
  if (lane == 0u) {
    let total = counts[0];
    percent[0] = select(0.0, f32(total.x) * (100.0 / f32(total.y)), total.y > 0u);
  }
}`,
};
