import type { Kernel } from '../../tensor/kernel.ts';
import { BOX_INTERSECTION, BOX_IOF, BOX_IOU, IS_NAN } from './iou.wgsl.ts';

export const WORKGROUP_SIZE = 64;

/** Intersection over union, over the first box's own area, or generalised IoU (arXiv 1902.09630). */
export type OverlapMode = 'iou' | 'iof' | 'giou';

const FUNCTIONS: Readonly<Record<OverlapMode, string>> = {
  iou: `${BOX_IOU}
fn overlap(a: vec4<f32>, b: vec4<f32>) -> f32 { return boxIou(a, b); }`,
  iof: `${BOX_IOF}
fn overlap(a: vec4<f32>, b: vec4<f32>) -> f32 { return boxIof(a, b); }`,
  giou: `${BOX_IOU}
fn overlap(a: vec4<f32>, b: vec4<f32>) -> f32 {
  let united = max(boxArea(a) + boxArea(b) - boxIntersection(a, b), 1e-6);
  let size = max(max(a.zw, b.zw) - min(a.xy, b.xy), vec2<f32>(0.0));
  let around = max(size.x * size.y, 1e-6);
  return boxIou(a, b) - (around - united) / around;
}`,
};

/**
 * Overlap of every box of `a` with every box of `b`, by MMDetection's `bbox_overlaps`.
 * Buffers: a xyxy [N], b xyxy [M] → overlaps f32 [N, M]. One invocation per pair; one pass. Every divisor is at least
 * 1e-6; a NaN in a coordinate makes its overlaps NaN, which min and max would hide.
 */
export function boxIouKernel(mode: OverlapMode): Kernel {
  return {
    name: `box_${mode}`,
    buffers: [
      { name: 'a', type: 'vec4<f32>', access: 'read' },
      { name: 'b', type: 'vec4<f32>', access: 'read' },
      { name: 'overlaps', type: 'f32', access: 'write' },
    ],
    params: [
      { name: 'columns', type: 'u32' },
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
      // Reaches the shader as data: a constant NaN is refused there.
      { name: 'nan', type: 'f32' },
    ],
    body: /* wgsl */ `${IS_NAN}${BOX_INTERSECTION}${FUNCTIONS[mode]}
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let first = a[index / params.columns];
  let second = b[index % params.columns];
  overlaps[index] = select(overlap(first, second), params.nan, anyNan(first) || anyNan(second));
}`,
  };
}
