import type { Kernel } from '../../tensor/kernel.ts';
import { ENCODE_BOX, STATISTICS, STATISTICS_WGSL } from '../delta-coder/delta-coder.wgsl.ts';

export const WORKGROUP_SIZE = 64;

/**
 * Regression targets of the positive anchors (see ENCODE_BOX).
 * Buffers: anchors xyxy [N], gtBoxes xyxy [B, G], assigned i32 [B, N] → targets vec4 (dx, dy, dw, dh) [B, N].
 * One invocation per image and anchor; one pass. Anchors that are not positive get 0.
 */
export const bboxTargetsKernel: Kernel = {
  name: 'bbox_targets',
  buffers: [
    { name: 'anchors', type: 'vec4<f32>', access: 'read' },
    { name: 'gtBoxes', type: 'vec4<f32>', access: 'read' },
    { name: 'assigned', type: 'i32', access: 'read' },
    { name: 'targets', type: 'vec4<f32>', access: 'write' },
  ],
  params: [
    ...STATISTICS,
    { name: 'anchorCount', type: 'u32' },
    { name: 'gtRows', type: 'u32' },
    { name: 'count', type: 'u32' },
    { name: 'rowSize', type: 'u32' },
  ],
  body: /* wgsl */ `${STATISTICS_WGSL}${ENCODE_BOX}
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let gt = assigned[index];
  if (gt < 0) {
    targets[index] = vec4<f32>(0.0);
    return;
  }
  let anchor = anchors[index % params.anchorCount];
  let box = gtBoxes[index / params.anchorCount * params.gtRows + u32(gt)];
  targets[index] = encodeBox(anchor, box);
}`,
};
